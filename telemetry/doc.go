// Package telemetry makes logs, metrics and health of the engine's events, at the edge: the engine knows neither Prometheus nor slog.
//
// The calling order: make [Metrics], [Log] and [Health], give [Merge] of their listeners to partitions.Config and Metrics.KafkaHook to
// client.Config, and serve [Handler].
package telemetry

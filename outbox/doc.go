// Package outbox makes the records of what behaviours send: commands for entities, messages for whoever subscribes, and answers that come back as
// commands. They go into the window of what caused them, so they leave with it or not at all; no table of messages waits to be sent.
package outbox

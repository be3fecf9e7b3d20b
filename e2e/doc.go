// Package e2e runs the real binary by scripts: every file under scripts/ is a person at a terminal. They run on the embedded broker, and with
// PARTITA_TEST_BROKERS set the same scripts run on real ones.
package e2e

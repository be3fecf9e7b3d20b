// Nemesis runs processes of the real binary and a real Apache Kafka, breaks them in drawn ways while clients write down what they are answered,
// and tells what was injected and what was found. It ends with 1 if anything was found.
//
//	go run ./e2e/nemesis -brokers 3 -minutes 60 -kafka 4.4.0
//
// Everything is on one machine: the brokers (package brokers), a TCP proxy between each process and each broker (package links), the clients and
// their judge (package ledger). docs/faults.md says what is broken and what must hold.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := nemesis(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nemesis:", err)
		code = 2
	}
	os.Exit(code)
}

// nemesis returns 1 if anything was found.
func nemesis(ctx context.Context) (code int, err error) {
	o, err := parseOptions()
	if err != nil {
		return 0, err
	}
	r, err := play(ctx, o)
	if err != nil {
		return 0, fmt.Errorf("%w (logs: %s)", err, o.logDir())
	}
	if err := r.publish(o); err != nil {
		return 0, err
	}
	if len(r.Findings) > 0 {
		fmt.Fprintf(os.Stderr, "nemesis: %d findings; logs are kept in %s\n", len(r.Findings), o.logDir())
		return 1, nil
	}
	return 0, os.RemoveAll(o.workDir())
}

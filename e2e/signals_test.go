package e2e_test

import (
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// killTwice sends SIGTERM to what was started until it has ended, and compares its exit code:
//
//	kill-twice NAME EXITCODE
//
// An orderly end has the exit code 0, one at once another: so it shows which it was.
func killTwice(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: kill-twice NAME EXITCODE")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := started(ts, args[0])
	delete(ts.Value(processesKey{}).(processes), args[0])
	deadline := time.NewTimer(gracePeriod)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for running := true; running; {
		// Two signals of a kind that come at once are one; and it may have ended.
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
			running = false
		case <-deadline.C:
			ts.Fatalf("it did not end:\n%s", p.kill())
		case <-tick.C:
		}
	}
	if code := p.cmd.ProcessState.ExitCode(); code != want {
		ts.Fatalf("%s ended with exit code %d:\n%s", args[0], code, p.errOut.String())
	}
	p.show(ts)
}

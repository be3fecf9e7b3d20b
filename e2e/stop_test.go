package e2e_test

import (
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// stop NAME holds what was started as a debugger does: every thread stands still, its sockets stay open.
func (h *harness) stop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: stop NAME")
	}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(syscall.SIGSTOP))
}

// goOn NAME lets what was stopped go on.
func (h *harness) goOn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: go-on NAME")
	}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(syscall.SIGCONT))
}

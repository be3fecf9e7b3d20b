package e2e_test

import (
	"os/exec"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// disk fills the disk that what was started writes to, or makes room again:
//
//	disk NAME full|roomy
//
// A full disk is a limit of zero bytes on every file, so it needs no file system and no right to mount one. Pipes are no files.
func disk(ts *testscript.TestScript, neg bool, args []string) {
	limits := map[string]string{"full": "0", "roomy": "unlimited"}
	if neg || len(args) != 2 || limits[args[1]] == "" {
		ts.Fatalf("usage: disk NAME full|roomy")
	}
	pid := strconv.Itoa(started(ts, args[0]).cmd.Process.Pid)
	out, err := exec.Command("prlimit", "--pid", pid, "--fsize="+limits[args[1]]+":").CombinedOutput()
	if err != nil {
		ts.Fatalf("prlimit: %v\n%s", err, out)
	}
}

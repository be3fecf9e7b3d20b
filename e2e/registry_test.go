package e2e_test

import (
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// registry starts a schema registry of the script's own; what is run after it uses it.
func registry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: registry")
	}
	r := srfake.New()
	ts.Defer(r.Close)
	ts.Setenv(registryEnv, r.URL())
}

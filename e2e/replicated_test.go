package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// knows waits until what was started shows a replicated value at its HTTP server to be this, in JSON:
//
//	knows NAME VALUE JSON [WITHIN]
func (h *harness) knows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 && len(args) != 4 {
		ts.Fatalf("usage: knows NAME VALUE JSON [WITHIN]")
	}
	within := patience
	if len(args) == 4 {
		var err error
		within, err = time.ParseDuration(args[3])
		ts.Check(err)
	}
	p := started(ts, args[0])
	shown := ""
	p.awaitsWithin(ts, within, "it does not know "+args[1]+" to be "+args[2], func() bool {
		shown = h.shownBy(p, args[1])
		return shown == args[2]
	})
	ts.Logf("%s knows %s to be %s", args[0], args[1], shown)
}

// shownBy is the value as the process has it; empty if it does not answer.
func (h *harness) shownBy(p *process, value string) string {
	req, err := http.NewRequestWithContext(h.ctx, http.MethodGet, "http://"+p.http+"/replicated?"+url.Values{"name": {value}}.Encode(), nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }() // It was read, or is not wanted.
	var answer struct{ Value json.RawMessage }
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&answer) != nil {
		return ""
	}
	return string(answer.Value)
}

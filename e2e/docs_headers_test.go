package e2e_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/telemetry/telemetrytest"
)

// headerName is the name of a header as pages write it.
var headerName = regexp.MustCompile("`((?:ce|partita|kafka)_\\w+|content-type|traceparent)`")

// listedHeaders are the headers of each kind of record, as docs/formats/records.md lists them.
func listedHeaders(page string) map[string][]string {
	_, table, _ := strings.Cut(page, "| header | on | value |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	listed := make(map[string][]string)
	for row := range strings.Lines(table) {
		cells := strings.SplitN(row, "|", 4)
		for kind := range strings.SplitSeq(cells[2], ",") {
			kind = strings.TrimSpace(kind)
			listed[kind] = append(listed[kind], names(headerName, cells[1])...)
		}
	}
	return listed
}

// headers waits until the committed records of a topic have the headers that the page lists for their kind, each on one record at least, and no others:
//
//	headers NAME TOPIC KIND [ABSENT]
//
// NAME is what was started, TOPIC goes without the name of its context; ABSENT is a header that is on none of these.
func (h *harness) headers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: headers NAME TOPIC KIND [ABSENT]")
	}
	p := started(ts, args[0])
	page, err := os.ReadFile("../docs/formats/records.md")
	ts.Check(err)
	want := slices.DeleteFunc(listedHeaders(string(page))[args[2]], func(name string) bool { return slices.Contains(args[3:], name) })
	slices.Sort(want)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		got, records := h.headersOn(ts, p, p.context+"."+args[1])
		if records > 0 && slices.Equal(got, want) {
			return
		}
		select {
		case <-deadline.C:
			ts.Fatalf("the page lists for %s\n%q\nand %d records have\n%q", args[2], want, records, got)
		case <-tick.C:
		}
	}
}

// headersOn are the names of headers on the committed records of a topic, and how many records there are.
func (h *harness) headersOn(ts *testscript.TestScript, p *process, topic string) (got []string, records int) {
	ts.Check(following.Follow(h.ctx, following.Options{Client: client.Config{Brokers: p.brokers}, Topic: topic, UntilEnd: true}, func(r *kgo.Record) error {
		records++
		for _, header := range r.Headers {
			got = append(got, header.Key)
		}
		return nil
	}))
	slices.Sort(got)
	return slices.Compact(got), records
}

// What is said to users of any client are names that the page of the format has too.
func TestHeadersThatPagesNameAreListed(t *testing.T) {
	var listed []string
	for _, names := range listedHeaders(read(t, "docs/formats/records.md")) {
		listed = append(listed, names...)
	}
	require.Greater(t, len(listed), 20)
	listed = append(listed, telemetrytest.Names()...) // Metrics have names of the same kind.
	for _, page := range pages(t) {
		require.Subset(t, listed, names(headerName, read(t, page)), page)
	}
}

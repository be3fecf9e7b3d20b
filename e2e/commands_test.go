package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// eventually runs a command again until its stdout matches:
//
//	eventually REGEXP COMMAND [ARG ...]
func (h *harness) eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually REGEXP COMMAND [ARG ...]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ts.Exec(args[1], args[2:]...)
		out := ts.ReadFile("stdout")
		if err == nil && want.MatchString(out) {
			return
		}
		select {
		case <-deadline.C:
			ts.Fatalf("%s never said %q; at last: %v\n%s%s", strings.Join(args[1:], " "), args[0], err, out, ts.ReadFile("stderr"))
		case <-tick.C:
		}
	}
}

// produce writes one record as any Kafka client does, with the bytes that the value names (Go syntax without quotes):
//
//	produce NAME TOPIC PARTITION KEY VALUE [HEADER=VALUE ...]
//
// NAME is what was started, TOPIC goes without the name of its context.
func (h *harness) produce(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 5 {
		ts.Fatalf("usage: produce NAME TOPIC PARTITION KEY VALUE [HEADER=VALUE ...]")
	}
	p := started(ts, args[0])
	partition, err := strconv.ParseInt(args[2], 10, 32)
	ts.Check(err)
	value, err := strconv.Unquote(`"` + args[4] + `"`)
	ts.Check(err)
	r := &kgo.Record{Topic: p.context + "." + args[1], Partition: int32(partition), Key: []byte(args[3]), Value: []byte(value)}
	for _, header := range args[5:] {
		name, value, _ := strings.Cut(header, "=")
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	cl, err := client.NewPlainProducer(client.Config{Brokers: p.brokers})
	ts.Check(err)
	defer cl.Close()
	ts.Check(cl.ProduceSync(h.ctx, r).FirstErr())
}

// place sets a variable to what stands first on the only line of a command's output that matches:
//
//	place VARIABLE REGEXP COMMAND [ARG ...]
func place(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: place VARIABLE REGEXP COMMAND [ARG ...]")
	}
	ts.Check(ts.Exec(args[2], args[3:]...))
	lines := regexp.MustCompile(`(?m)^(\S+) .*`+args[1]).FindAllStringSubmatch(ts.ReadFile("stdout"), -1)
	if len(lines) != 1 {
		ts.Fatalf("%d lines match %q, not one", len(lines), args[1])
	}
	ts.Setenv(args[0], lines[0][1])
}

// addProjection adds a second projection like the shop's customer-totals:
//
//	addprojection FOLDER NAME
func addProjection(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: addprojection FOLDER NAME")
	}
	file := ts.MkAbs(filepath.Join(args[0], "context.yaml"))
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = f.WriteString("  " + args[1] + ": {from: [cart], behavior: customer_totals.star, key: customer_id, row: CustomerTotals}\n")
	ts.Check(errors.Join(err, f.Close()))
}

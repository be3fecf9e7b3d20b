package e2e_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
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

// alter puts other bytes in the place of some that a store has of a key, while no process uses it:
//
//	alter STATE_DIR FOLDER COMPONENT KEY OLD NEW
func alter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 6 {
		ts.Fatalf("usage: alter STATE_DIR FOLDER COMPONENT KEY OLD NEW")
	}
	loaded, problems := contexts.Load(ts.MkAbs(args[1]), contexts.Options{})
	ts.Check(problems.Err())
	stores, err := statestore.OpenEnv(ts.MkAbs(args[0]), statestore.Options{Context: loaded.Name})
	ts.Check(err)
	key := []byte(args[3])
	store, err := stores.Open(args[2], records.Partition(key, loaded.Partitions))
	ts.Check(err)
	value, err := store.Get(key)
	ts.Check(err)
	if n := bytes.Count(value, []byte(args[4])); n != 1 {
		ts.Fatalf("the store has %q %d times in %s, not once", args[4], n, key)
	}
	checkpoint, _, err := store.Checkpoint()
	ts.Check(err)
	altered := bytes.Replace(value, []byte(args[4]), []byte(args[5]), 1)
	ts.Check(store.Apply([]statestore.Change{{Key: key, Value: altered}}, checkpoint))
	ts.Check(errors.Join(store.Close(), stores.Close()))
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

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// patienceWithCompilers is for programs that are compiled first, side by side.
const patienceWithCompilers = 5 * time.Minute

// once types each command of the block one time, and compares what the page shows below it:
//
//	once PAGE BEGINNING
func (p shownPages) once(ts *testscript.TestScript, neg bool, args []string) {
	for _, c := range p.find(ts, neg, "once PAGE BEGINNING", args).commands() {
		ts.Check(ts.Exec("sh", "-c", here(ts, c.command)))
		if got := ts.ReadFile("stdout"); !regexp.MustCompile("(?m)" + shownBelow(ts, c)).MatchString(got) {
			ts.Fatalf("%s shows other lines below %q than these:\n%s%s", args[0], c.command, got, ts.ReadFile("stderr"))
		}
	}
}

// follows types each command of the block, waits for what the page shows below it, and ends it as ctrl-c does:
//
//	follows PAGE BEGINNING
func (p shownPages) follows(ts *testscript.TestScript, neg bool, args []string) {
	for _, c := range p.find(ts, neg, "follows PAGE BEGINNING", args).commands() {
		p.harness.follow(ts, false, []string{shownBelow(ts, c), "sh", "-c", here(ts, c.command)})
	}
}

// follow runs a command until its stdout matches, and ends it as ctrl-c does; what it said is the script's stdout and stderr:
//
//	follow REGEXP COMMAND [ARG ...]
func (h *harness) follow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: follow REGEXP COMMAND [ARG ...]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.CommandContext(h.ctx, args[1], args[2:]...)
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = append(append(os.Environ(), environment(ts)...), "BROKERS="+ts.Getenv("BROKERS"))
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.errOut
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // A terminal sends ctrl-c to the shell's children too.
	p.cmd.WaitDelay = gracePeriod
	ts.Check(p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // Ctrl-c may be its end.
	}()
	signal := func(s syscall.Signal) { _ = syscall.Kill(-p.cmd.Process.Pid, s) } // They may have ended.
	ts.Defer(func() { signal(syscall.SIGKILL) })
	command := strings.Join(args[1:], " ")
	p.awaitsWithin(ts, patienceWithCompilers, fmt.Sprintf("%s never said %q", command, args[0]), func() bool { return want.MatchString(p.out.String()) })
	signal(syscall.SIGINT)
	select {
	case <-p.ended:
	case <-time.After(patienceWithCompilers):
		ts.Fatalf("%s goes on after ctrl-c:\n%s", command, p.kill())
	}
	p.show(ts)
}

// aborted writes a record to the topic of the process in a transaction that is aborted, where the key's records are:
//
//	aborted NAME TOPIC KEY VALUE
func (h *harness) aborted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: aborted NAME TOPIC KEY VALUE")
	}
	p := started(ts, args[0])
	cl, err := client.NewProducer(client.Config{Brokers: p.brokers}, "clients-"+newName())
	ts.Check(err)
	defer cl.Close()
	ts.Check(cl.BeginTransaction())
	r := &kgo.Record{Topic: p.context + "." + args[1], Key: []byte(args[2]), Value: []byte(args[3])}
	r.Partition = records.Partition(r.Key, shopShards)
	ts.Check(cl.ProduceSync(h.ctx, r).FirstErr())
	ts.Check(cl.EndTransaction(h.ctx, kgo.TryAbort))
}

const shopShards = 12

// crowd sends commands to so many carts m0, m1, ... at once, and waits until their events are there, in batches that it paid to compress:
//
//	crowd NAME COUNT
func (h *harness) crowd(ts *testscript.TestScript, neg bool, args []string) {
	var count int
	if neg || len(args) != 2 {
		ts.Fatalf("usage: crowd NAME COUNT")
	}
	_, err := fmt.Sscan(args[1], &count)
	ts.Check(err)
	p := started(ts, args[0])
	cl, err := client.NewPlainProducer(client.Config{Brokers: p.brokers})
	ts.Check(err)
	defer cl.Close()
	var commands []*kgo.Record
	for i := range count {
		r := &kgo.Record{Topic: p.context + ".cart.commands", Key: fmt.Appendf(nil, "m%d", i)}
		r.Value = []byte(`{"type":"AddItem","sku":"apple","quantity":1,"price_cents":30,"customer_id":"customer-customer-customer"}`)
		r.Partition = records.Partition(r.Key, shopShards)
		commands = append(commands, r)
	}
	ts.Check(cl.ProduceSync(h.ctx, commands...).FirstErr())

	reader, err := client.NewConsumer(client.Config{Brokers: p.brokers}, kgo.ConsumeTopics(p.context+".cart.events"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ts.Check(err)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(h.ctx, patience)
	defer cancel()
	const lz4 = 3
	compressed := 0
	for seen := 0; seen < count; {
		fetched := reader.PollFetches(ctx)
		ts.Check(fetched.Err())
		fetched.EachRecord(func(r *kgo.Record) {
			if strings.HasPrefix(string(r.Key), "m") {
				seen++
			}
			if r.Attrs.CompressionType() == lz4 {
				compressed++
			}
		})
	}
	if compressed == 0 {
		ts.Fatalf("no batch of %d events is compressed", count)
	}
}

// routed asks of every record of a topic that it lies where its key belongs:
//
//	routed NAME TOPIC
func (h *harness) routed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: routed NAME TOPIC")
	}
	p, seen := started(ts, args[0]), 0
	ts.Check(following.Follow(h.ctx, following.Options{
		Client: client.Config{Brokers: p.brokers}, Topic: p.context + "." + args[1], UntilEnd: true,
	}, func(r *kgo.Record) error {
		seen++
		if want := records.Partition(r.Key, shopShards); r.Partition != want {
			return fmt.Errorf("%s lies on partition %d of %s, not on %d", r.Key, r.Partition, r.Topic, want)
		}
		return nil
	}))
	if seen == 0 {
		ts.Fatalf("there is nothing in %s", args[1])
	}
}

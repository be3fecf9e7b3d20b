package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/e2e/nemesis/brokers"
	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

const (
	// levelPatience is for what has to come to rest once nothing is broken any more.
	levelPatience = 5 * time.Minute
	// calm after the last fault, in which every shard is written to again.
	calm = 15 * time.Second
)

// play is one run: it builds what is needed, has it broken, and judges what is left.
func play(ctx context.Context, o *options) (*results, error) {
	kinds, err := o.kinds()
	if err != nil {
		return nil, err
	}
	binary, folder, err := build(ctx, o)
	if err != nil {
		return nil, err
	}
	jars, err := brokers.FindJars(ctx, o.kafka, os.Getenv("KAFKA_HOME"))
	if err != nil {
		return nil, err
	}
	cfg := brokers.Config{
		Jars: jars, Dir: o.workDir(), LogDir: o.logDir(), Nodes: o.brokers, Processors: o.processes, Port: o.port, Heap: o.heap,
		TransactionVersion: o.transactionVersion,
	}
	cluster, err := brokers.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = cluster.Stop() }() // They are of no use any more.
	if err := serve(ctx, cluster); err != nil {
		return nil, err
	}
	a, err := prepare(ctx, o, cluster, &cfg, binary, folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.fleet.killAll() }() // So are they.
	return a.play(ctx, o, kinds, folder)
}

// build makes the binary and the folder it runs. With the tag invariants a breach ends the process where it happens, and so needs a hand, instead
// of being found as a lost record an hour later; nothing else differs.
func build(ctx context.Context, o *options) (binary, folder string, err error) {
	binary, folder = filepath.Join(o.workDir(), "processor"), filepath.Join(o.workDir(), "folder")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", o.tags, "-o", binary, "./cmd/processor")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("building the processor (from the root of the project): %w\n%s", err, out)
	}
	return binary, folder, ledger.WriteFolder(folder)
}

func serve(ctx context.Context, cluster *brokers.Cluster) error {
	if err := cluster.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, servingPatience)
	defer cancel()
	return cluster.AwaitServing(ctx)
}

// prepare creates the topics and starts the processes.
func prepare(ctx context.Context, o *options, cluster *brokers.Cluster, cfg *brokers.Config, binary, folder string) (*arena, error) {
	addresses := strings.Join(cluster.Addresses(), ",")
	if out, err := exec.CommandContext(ctx, binary, "topics", folder, "--apply", "--brokers", addresses).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("creating topics: %w\n%s", err, out)
	}
	loaded, problems := contexts.Load(folder, contexts.Options{})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	journalFile, err := os.Create(filepath.Join(o.out, "journal.txt"))
	if err != nil {
		return nil, err
	}
	f, err := newFleet(ctx, o, cfg, binary, folder)
	if err != nil {
		return nil, err
	}
	a := &arena{
		group: loaded.Name, cluster: cluster, nodes: o.brokers, fleet: f, owners: newOwners(f, loaded), recoveries: newRecoveries(),
		journal: newJournal(journalFile),
	}
	if err := f.startAll(); err != nil {
		return nil, errors.Join(err, f.killAll())
	}
	ready, cancel := context.WithTimeout(ctx, levelPatience)
	defer cancel()
	if err := f.awaitReady(ready); err != nil {
		return nil, errors.Join(err, f.killAll())
	}
	return a, nil
}

// play has the arena assaulted while the workload runs, and judges.
func (a *arena) play(ctx context.Context, o *options, kinds []*kind, folder string) (*results, error) {
	r := newResults(ctx, o, a.cluster)
	work, err := ledger.New(ctx, ledger.Config{
		Brokers: a.cluster.Addresses(), Dir: folder, Clients: o.clients, CommandsPerSecond: o.perSecond, Seed: o.seed,
	})
	if err != nil {
		return nil, err
	}
	go a.recoveries.follow(work.Commits())
	working, rest := context.WithCancel(ctx)
	defer rest()
	done := make(chan error, 1)
	go func() { done <- work.Run(working) }()

	begun := time.Now()
	a.journal.say("seed %d, for %g minutes", o.seed, o.minutes)
	assault, over := context.WithTimeout(ctx, time.Duration(o.minutes*float64(time.Minute)))
	defer over()
	a.assault(assault, newSchedule(o.seed, kinds, o.processes, o.brokers), &claims{busy: make([]bool, o.processes), free: o.free})
	r.Minutes = time.Since(begun).Minutes()
	a.journal.say("healed")
	sleep(ctx, calm)
	rest()
	if err := errors.Join(<-done, ctx.Err()); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	if err := a.judge(ctx, work, r); err != nil {
		return nil, err
	}
	r.collect(a)
	return r, nil
}

// judge lets all come to rest, has the ledger check it, and has every process forget what it knew.
func (a *arena) judge(ctx context.Context, work *ledger.Workload, r *results) error {
	level, cancel := context.WithTimeout(ctx, levelPatience)
	defer cancel()
	if err := errors.Join(a.fleet.startAll(), a.fleet.awaitReady(level), a.fleet.awaitLevel(level)); err != nil {
		r.find(notLevel, err.Error())
		a.explain(ctx, r)
	}
	a.journal.say("checking")
	known := newMemory(a.owners.inspect)
	r.judged(work.Check(ctx, known.inspect))
	a.journal.say("amnesia: every process killed, every state directory deleted")
	restored, cancelRestore := context.WithTimeout(ctx, levelPatience)
	defer cancelRestore()
	if err := a.fleet.forget(restored); err != nil {
		r.find(notRestored, err.Error())
	}
	for _, d := range known.differences(ctx) {
		r.find(d.Kind, d.Detail)
	}
	r.Restored = len(known.answered)
	a.journal.say("ending")
	return errors.Join(a.fleet.leaveAll(), ctx.Err()) // What was interrupted has found nothing.
}

// explain looks for what shards may wait for that do not come to rest.
func (a *arena) explain(ctx context.Context, r *results) {
	open, err := a.cluster.OpenTransactions(ctx)
	if err != nil {
		r.find(notLevel, "looking for open transactions: "+err.Error())
	}
	for _, o := range open {
		r.find(openTransaction, o.String())
	}
}

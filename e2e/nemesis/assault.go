package main

import (
	"context"
	"sync"
	"time"
)

// strikePatience is for what the nemesis does itself; to end a process in order has its own.
const strikePatience = 15 * time.Second

// assault inflicts what is drawn until ctx ends, and returns when all is healed.
func (a *arena) assault(ctx context.Context, drawn *schedule, c *claims) {
	var underWay sync.WaitGroup
	defer underWay.Wait()
	for {
		d := drawn.next()
		if !sleep(ctx, d.after) {
			return
		}
		p, ok := c.take(d.kind, d.order)
		if !ok {
			a.journal.passedOver(d.kind)
			continue
		}
		f := &fault{kind: d.kind, p: p, node: d.node, lasts: d.lasts, coin: coin(d.seed)}
		underWay.Go(func() {
			defer c.release(f)
			a.inflict(ctx, f)
		})
	}
}

// inflict strikes, waits and heals; the end of ctx shortens the wait.
func (a *arena) inflict(ctx context.Context, f *fault) {
	healing := context.WithoutCancel(ctx)
	struck := a.strike(healing, f)
	if struck {
		sleep(ctx, f.lasts)
	}
	if err := f.kind.heal(healing, a, f); err != nil {
		a.journal.couldNotHeal(f, err)
	}
}

func (a *arena) strike(ctx context.Context, f *fault) bool {
	shards := a.owners.shards()
	if !f.kind.strikesBrokers {
		shards = a.owners.of(ctx, a.fleet.processes[f.p])
	}
	ctx, cancel := context.WithTimeout(ctx, strikePatience)
	defer cancel()
	undo := a.recoveries.striking(f.kind, shards, time.Now())
	if err := f.kind.strike(ctx, a, f); err != nil {
		undo()
		a.journal.couldNotStrike(f, err)
		return false
	}
	a.journal.struck(f, shards)
	return true
}

// sleep is false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

package main

import (
	"context"
	"syscall"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/links"
)

// A kind of fault. How often is in faults a minute; a fault lasts between two times.
type kind struct {
	name           string
	often          float64
	nodes          int // the fewest brokers that it makes sense with
	shortest       time.Duration
	longest        time.Duration
	strikesBrokers bool // it strikes the brokers, and with them every shard
	endsRun        bool // what the process had not committed by now, it never will
	strike, heal   func(ctx context.Context, a *arena, f *fault) error
}

const session = 6 * time.Second // of the group: beyond it, a process has lost its shards

// allKinds is the catalogue; how often they come depends on how many brokers there are.
func allKinds(nodes int) []*kind {
	brokerKills, brokerHangs := 1.2, 0.5
	if nodes == 1 { // Whatever it is, nothing goes on until the node serves again.
		brokerKills, brokerHangs = 1.0/3, 0.3
	}
	kinds := []*kind{
		{name: "process killed", often: 22, longest: 6 * time.Second, endsRun: true, strike: killProcess, heal: startProcess},
		{name: "process stopped", often: 5, shortest: session + 2*time.Second, longest: 15 * time.Second, strike: stopProcess, heal: resumeProcess},
		{name: "process left", often: 2, longest: 4 * time.Second, endsRun: true, strike: leave, heal: startProcess},
		{name: "disk full", often: 1, shortest: 3 * time.Second, longest: 12 * time.Second, strike: fillDisk, heal: emptyDisk},
		{name: "broker killed", often: brokerKills, longest: 10 * time.Second, strikesBrokers: true, strike: killBroker, heal: startBroker},
		{
			name: "broker stopped", often: brokerHangs, shortest: time.Second, longest: 8 * time.Second, strikesBrokers: true,
			strike: hangBroker, heal: resumeBroker,
		},
		{name: "leaders moved", often: 2, nodes: 3, strikesBrokers: true, strike: moveLeaders, heal: settle},
		{name: "coordinators moved", often: 2, nodes: 3, strikesBrokers: true, strike: moveCoordinators, heal: settle},
		onLinks("links cut", 1, 1, all, cut),
		onLinks("links deaf", 1, 1, all, deafen),
		onLinks("links slow", 1, 1, all, slow),
		onLinks("one link cut", 0.5, 3, one, cut),
		onLinks("one link deaf", 0.5, 3, one, deafen),
		onLinks("coordinator's link cut", 0.5, 3, coordinators, cut),
		onLinks("all but the coordinator's cut", 0.5, 3, othersThanCoordinators, cut),
	}
	fitting := kinds[:0]
	for _, k := range kinds {
		if k.nodes <= nodes {
			fitting = append(fitting, k)
		}
	}
	return fitting
}

func killProcess(_ context.Context, a *arena, f *fault) error { return a.fleet.processes[f.p].kill() }

func startProcess(_ context.Context, a *arena, f *fault) error { return a.fleet.processes[f.p].start() }

func stopProcess(_ context.Context, a *arena, f *fault) error { return a.signal(f, syscall.SIGSTOP) }

func resumeProcess(_ context.Context, a *arena, f *fault) error { return a.signal(f, syscall.SIGCONT) }

func (a *arena) signal(f *fault, s syscall.Signal) error {
	_, err := a.fleet.processes[f.p].signal(s, false)
	return err
}

func leave(_ context.Context, a *arena, f *fault) error { return a.fleet.leave(f.p) }

func fillDisk(ctx context.Context, a *arena, f *fault) error {
	return a.fleet.processes[f.p].limitFiles(ctx, "0")
}

func emptyDisk(ctx context.Context, a *arena, f *fault) error {
	return a.fleet.processes[f.p].limitFiles(ctx, "unlimited")
}

func killBroker(_ context.Context, a *arena, f *fault) error { return a.cluster.Kill(f.node) }
func hangBroker(_ context.Context, a *arena, f *fault) error { return a.cluster.Hang(f.node) }

func startBroker(ctx context.Context, a *arena, f *fault) error {
	if err := a.cluster.StartNode(f.node); err != nil {
		return err
	}
	return settle(ctx, a, f)
}

func resumeBroker(ctx context.Context, a *arena, f *fault) error {
	if err := a.cluster.Resume(f.node); err != nil {
		return err
	}
	return settle(ctx, a, f)
}

// servingPatience is for brokers that start among four processes which try to reach them.
const servingPatience = 3 * time.Minute

// settle keeps brokers from a second fault until all replicas are in sync again: more at a time are more than a replication factor of 3 bears.
func settle(ctx context.Context, a *arena, _ *fault) error {
	ctx, cancel := context.WithTimeout(ctx, servingPatience)
	defer cancel()
	return a.cluster.AwaitServing(ctx)
}

func moveLeaders(ctx context.Context, a *arena, f *fault) error {
	_, err := a.cluster.MoveLeaders(ctx, a.group+".", f.coin)
	return err
}

// moveCoordinators sees to it that the group's coordinator is another one afterwards.
func moveCoordinators(ctx context.Context, a *arena, _ *fault) error {
	before, err := a.cluster.GroupCoordinator(ctx, a.group)
	if err != nil {
		return err
	}
	if _, err := a.cluster.MoveCoordinators(ctx, a.group, "partita/"+a.group+"/"); err != nil {
		return err
	}
	return until(ctx, "moved: the coordinator of "+a.group, func() bool {
		now, err := a.cluster.GroupCoordinator(ctx, a.group)
		return err == nil && now != before
	})
}

// onLinks is a kind that does something to chosen links between a process and the brokers.
func onLinks(
	name string, often float64, nodes int, choose func(context.Context, *arena, *fault) ([]*links.Link, error), do func(*links.Link) error,
) *kind {
	return &kind{
		name: name, often: often, nodes: nodes, shortest: time.Second, longest: 12 * time.Second,
		strike: func(ctx context.Context, a *arena, f *fault) (err error) {
			if f.links, err = choose(ctx, a, f); err != nil {
				return err
			}
			return each(f.links, do)
		},
		heal: func(ctx context.Context, _ *arena, f *fault) error {
			return each(f.links, func(l *links.Link) error { return l.Heal(ctx) })
		},
	}
}

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/links"
)

// Which links of a process.

func all(_ context.Context, a *arena, f *fault) ([]*links.Link, error) {
	return a.fleet.links[f.p], nil
}

func one(_ context.Context, a *arena, f *fault) ([]*links.Link, error) {
	return a.fleet.links[f.p][f.node : f.node+1], nil
}

func coordinators(ctx context.Context, a *arena, f *fault) ([]*links.Link, error) {
	n, err := a.cluster.GroupCoordinator(ctx, a.group)
	if err != nil {
		return nil, err
	}
	return a.fleet.links[f.p][n : n+1], nil
}

func othersThanCoordinators(ctx context.Context, a *arena, f *fault) ([]*links.Link, error) {
	n, err := a.cluster.GroupCoordinator(ctx, a.group)
	if err != nil {
		return nil, err
	}
	return slices.Delete(slices.Clone(a.fleet.links[f.p]), n, n+1), nil
}

// What is done to each.

// latency is what a slow link adds, each way.
const latency = 150 * time.Millisecond

func cut(l *links.Link) error { return l.Cut() }

func deafen(l *links.Link) error {
	l.Deafen()
	return nil
}

func slow(l *links.Link) error {
	l.Slow(latency)
	return nil
}

func each(chosen []*links.Link, do func(*links.Link) error) error {
	var errs []error
	for _, l := range chosen {
		errs = append(errs, do(l))
	}
	return errors.Join(errs...)
}

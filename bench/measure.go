package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A next job works on what the one before it has left, with an empty state directory.
type next struct{ kind, what string }

// profileOf is where a run leaves its profile.
func (s settings) profileOf(name string) string {
	if s.profiles == "" {
		return ""
	}
	return filepath.Join(s.profiles, name+".pprof")
}

// measure runs everything and prints the table.
func measure(ctx context.Context, s settings, memory int) error {
	dir, err := os.MkdirTemp("", "partita-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var base report
	fmt.Printf("%-44s %10s %8s %12s %9s\n", "", "CPU µs/rec", "ratio", "records/s", "RSS MiB")
	show := func(what string, r report) {
		if base.CPUMicros == 0 {
			base = r
		}
		fmt.Printf("%-44s %10.2f %8.1f %12.0f %9.0f\n", what, r.CPUMicros, r.CPUMicros/base.CPUMicros, r.PerSecond, r.MaxRSSMiB)
	}
	for _, variant := range []struct {
		what, name string
		load       load
		job        job
		// then are jobs on what it has left.
		then []next
	}{
		{"passthrough 1→2, transactional", "pass", load{}, job{Kind: jobPassthrough}, nil},
		{"Go, no command id", "go", load{}, job{Kind: jobGo}, []next{{jobGoProjection, "its events, re-keyed to rows, Go"}}},
		{"Go, with command ids", "goids", load{ids: true}, job{Kind: jobGo}, nil},
		{"Starlark, no command id", "star", load{}, job{Kind: jobEntities}, []next{
			{jobRestore, "restore of its changelog, per record"}, {jobProjection, "its events, re-keyed to rows, Starlark"},
		}},
		{"Go, counting with 100 replicated counters", "gocounts", load{}, job{Kind: jobGo, Counting: true}, nil},
		{"Starlark, counting with 100 replicated counters", "counts", load{}, job{Kind: jobEntities, Counting: true}, nil},
		{"Starlark, with command ids", "ids", load{ids: true}, job{Kind: jobEntities}, nil},
		{"Starlark, with the re-keyed projection", "proj", load{}, job{Kind: jobAll}, nil},
	} {
		if !s.runs(variant.name) {
			continue
		}
		variant.job.Name, variant.job.Commands, variant.job.Brokers = s.run+variant.name, s.commands, s.brokers
		variant.job.StateDir = filepath.Join(dir, variant.name)
		if err := prepare(ctx, s, variant.job, variant.load); err != nil {
			return err
		}
		variant.job.Profile = s.profileOf(variant.name)
		r, err := run(ctx, variant.job)
		if err != nil {
			return err
		}
		show(variant.what, r)
		for _, next := range variant.then {
			again := variant.job
			again.Kind, again.StateDir = next.kind, filepath.Join(dir, variant.name+next.kind)
			again.Profile = s.profileOf(variant.name + "-then-" + strings.ReplaceAll(next.kind, " ", "-"))
			if r, err = run(ctx, again); err != nil {
				return err
			}
			show(next.what, r)
		}
	}
	if memory > 0 && s.runs("memory") {
		r, err := s.create(ctx, memory, filepath.Join(dir, "mem"))
		if err != nil {
			return err
		}
		show(fmt.Sprintf("%d entities of 300 B", memory), r)
	}
	if !s.runs("latency") {
		return nil
	}
	return latencies(ctx, s, dir)
}

// create has so many entities created, one command each.
func (s settings) create(ctx context.Context, entities int, stateDir string) (report, error) {
	s.commands, s.entities = entities, entities
	j := job{Kind: jobEntities, Name: s.run + "mem", Commands: entities, Brokers: s.brokers, StateDir: stateDir}
	if err := prepare(ctx, s, j, load{wide: true}); err != nil {
		return report{}, err
	}
	j.Profile = s.profileOf("memory")
	return run(ctx, j)
}

// runs tells whether the run of this name was asked for.
func (s settings) runs(name string) bool { return len(s.only) == 0 || slices.Contains(s.only, name) }

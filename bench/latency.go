package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// latencies are those of a context that nobody has used before, and of one with a backlog, without and beside a rebuild of its table from that.
func latencies(ctx context.Context, s settings, dir string) error {
	fmt.Printf("\nlatency at %d/s, ms %60s %8s\n", s.rate, "p50", "p99")
	fresh := job{Kind: jobServe, Name: s.run + "lat", Brokers: s.brokers, StateDir: filepath.Join(dir, "lat")}
	if _, err := createTopics(ctx, s, fresh); err != nil {
		return err
	}
	if err := latency(ctx, s, fresh, 0, ""); err != nil || s.backlog == 0 {
		return err
	}
	used := job{Kind: jobAll, Name: s.run + "used", Commands: s.backlog, Brokers: s.brokers, StateDir: filepath.Join(dir, "used")}
	past := s
	past.commands = s.backlog
	if err := prepare(ctx, past, used, load{}); err != nil {
		return err
	}
	if _, err := run(ctx, used); err != nil {
		return err
	}
	used.Kind = jobServe
	if err := latency(ctx, s, used, 1, fmt.Sprintf(", behind %d events", s.backlog)); err != nil {
		return err
	}
	used.Rebuild = true
	return latency(ctx, s, used, 2, ", beside a rebuild from them")
}

// latency measures, at a steady rate, from before a command is produced to when a read_committed reader has its event, and its row. Each run on a context
// has carts and customers of its own.
func latency(ctx context.Context, s settings, j job, run int, when string) error {
	c, err := loadNamed(j.Name, j.Counting)
	if err != nil {
		return err
	}
	server, err := command(ctx, j)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()

	n := s.rate * s.seconds
	first := (s.backlog + n) * run
	sent := make([]time.Time, n)
	events, rows := newArrivals(n, first), newArrivals(n, first)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.seconds+60)*time.Second)
	defer cancel()
	var readers sync.WaitGroup
	readers.Go(func() { events.read(ctx, s.brokers, j.Name+".cart.events", "cart-%d") })
	readers.Go(func() { rows.read(ctx, s.brokers, j.Name+".totals", "customer-%d") })
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.brokers...), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer cl.Close()
	err = pace(ctx, s.rate, n, func(i int) error {
		r, err := addItem(c, first+i, fmt.Sprintf("customer-%d", first+i))
		if err != nil {
			return err
		}
		sent[i] = time.Now()
		cl.Produce(ctx, r, nil)
		return nil
	})
	if err != nil {
		return err
	}
	readers.Wait()
	// The first fifth warms up.
	for _, way := range []struct {
		what  string
		from  []time.Time
		until *arrivals
	}{
		{"command → committed event", sent, events},
		{"command → row of the re-keyed projection", sent, rows},
		{"committed event → row", events.at, rows},
	} {
		fmt.Printf("%-70s %8.1f %8.1f\n", way.what+when, way.until.percentile(way.from, n/5, 50), way.until.percentile(way.from, n/5, 99))
	}
	return nil
}

// arrivals are when the record of each command was seen, the first of which has a number.
type arrivals struct {
	at    []time.Time
	first int
	// since is when the first command may have been sent.
	since time.Time
}

func newArrivals(n, first int) *arrivals {
	return &arrivals{at: make([]time.Time, n), first: first, since: time.Now()}
}

// read notes arrivals until all have come, or ctx ends.
func (a *arrivals) read(ctx context.Context, brokers []string, topic, key string) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AfterMilli(a.since.UnixMilli())), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return
	}
	defer cl.Close()
	for seen := 0; seen < len(a.at) && ctx.Err() == nil; {
		fetches := cl.PollFetches(ctx)
		now := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			var i int
			if _, err := fmt.Sscanf(string(r.Key), key, &i); err != nil || i < a.first || i >= a.first+len(a.at) {
				return
			}
			if at := &a.at[i-a.first]; at.IsZero() {
				*at = now
				seen++
			}
		})
	}
}

// percentile is in ms, of all from the given one on; those that never came count as an hour.
func (a *arrivals) percentile(sent []time.Time, from, p int) float64 {
	var took []time.Duration
	for i := from; i < len(sent); i++ {
		if a.at[i].IsZero() {
			took = append(took, time.Hour)
			continue
		}
		took = append(took, a.at[i].Sub(sent[i]))
	}
	slices.Sort(took)
	return float64(took[(len(took)-1)*p/100].Microseconds()) / 1000
}

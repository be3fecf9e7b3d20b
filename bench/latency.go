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

// latency measures, at a steady rate, from before a command is produced to when a read_committed reader has its event, and its row.
func latency(ctx context.Context, s settings, dir string) error {
	j := job{Kind: jobServe, Name: s.run + "lat", Brokers: s.brokers, StateDir: filepath.Join(dir, "lat")}
	c, err := createTopics(ctx, s, j)
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
	sent := make([]time.Time, n)
	events, rows := newArrivals(n), newArrivals(n)
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
		r, err := addItem(c, i, fmt.Sprintf("customer-%d", i))
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
	fmt.Printf("\nlatency at %d/s, ms %30s %8s\n", s.rate, "p50", "p99")
	fmt.Printf("%-40s %8.1f %8.1f\n", "command → committed event", events.percentile(sent, n/5, 50), events.percentile(sent, n/5, 99))
	fmt.Printf("%-40s %8.1f %8.1f\n", "command → row of the re-keyed projection", rows.percentile(sent, n/5, 50), rows.percentile(sent, n/5, 99))
	return nil
}

// arrivals are when the record of each command was seen.
type arrivals struct{ at []time.Time }

func newArrivals(n int) *arrivals { return &arrivals{at: make([]time.Time, n)} }

// read notes arrivals until all have come, or ctx ends.
func (a *arrivals) read(ctx context.Context, brokers []string, topic, key string) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return
	}
	defer cl.Close()
	for seen := 0; seen < len(a.at) && ctx.Err() == nil; {
		fetches := cl.PollFetches(ctx)
		now := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			var i int
			if _, err := fmt.Sscanf(string(r.Key), key, &i); err == nil && a.at[i].IsZero() {
				a.at[i] = now
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

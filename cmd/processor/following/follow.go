package following

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// Options say what to read.
type Options struct {
	Client client.Config
	Topic  string
	// Partitions are those to read; nil for all.
	Partitions []int32
	// New begins with what is written from now on.
	New bool
	// Before is handed, with New, what had been written before, where what is new cannot be shown without it. nil: that is not read.
	Before func(*kgo.Record) error
	// UntilEnd returns when everything that was committed at the call has been read. What is being committed then counts too, if that is done within
	// two seconds: a transaction's end is known to who asked for it before it is on every partition.
	UntilEnd bool
}

// Follow hands each record over until ctx ends, or the end is reached, or each returns an error, which is returned. Records of one partition
// come in their order.
func Follow(ctx context.Context, o Options, each func(*kgo.Record) error) error {
	cl, err := client.NewConsumer(o.Client)
	if err != nil {
		return err
	}
	defer cl.Close()
	bounds, err := partitionBounds(ctx, cl, o)
	if err == nil && o.UntilEnd {
		bounds, err = settled(ctx, cl, o, bounds)
	}
	if err != nil {
		return err
	}
	f := follower{options: o, behind: map[int32]records.Position{}, newFrom: map[int32]records.Position{}, each: each}
	from := map[int32]kgo.Offset{}
	for partition, b := range bounds {
		start := b.Start
		switch {
		case o.New && o.Before == nil:
			start = b.Stable
		case o.New:
			f.newFrom[partition] = b.Stable
		}
		if o.UntilEnd && start >= b.Stable {
			continue
		}
		from[partition] = kgo.NewOffset().At(int64(start))
		f.behind[partition] = b.Stable
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{o.Topic: from})
	return f.run(ctx, cl)
}

func partitionBounds(ctx context.Context, cl *kgo.Client, o Options) (map[int32]admin.Bounds, error) {
	all, err := admin.New(cl).Bounds(ctx, o.Topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) || err == nil && len(all) == 0 {
		return nil, fmt.Errorf("topic %s is missing: `processor topics DIR` tells what the context needs", o.Topic)
	}
	if err != nil {
		return nil, err
	}
	bounds := map[int32]admin.Bounds{}
	for at, b := range all {
		bounds[at.Partition] = b
	}
	if o.Partitions == nil {
		return bounds, nil
	}
	chosen := map[int32]admin.Bounds{}
	for _, p := range o.Partitions {
		b, ok := bounds[p]
		if !ok {
			return nil, fmt.Errorf("topic %s has no partition %d: `processor topics DIR` tells what the context needs", o.Topic, p)
		}
		chosen[p] = b
	}
	return chosen, nil
}

const (
	settlePatience = 2 * time.Second
	settlePoll     = 20 * time.Millisecond
)

// settled are the bounds of partitions when the transactions that were under way on them have ended, or not in time.
func settled(ctx context.Context, cl *kgo.Client, o Options, first map[int32]admin.Bounds) (map[int32]admin.Bounds, error) {
	underWay := func(now map[int32]admin.Bounds) bool {
		for partition, b := range first {
			if now[partition].Stable < b.End {
				return true
			}
		}
		return false
	}
	now := first
	for deadline := time.Now().Add(settlePatience); underWay(now) && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(settlePoll):
		}
		var err error
		if now, err = partitionBounds(ctx, cl, o); err != nil {
			return nil, err
		}
	}
	return now, nil
}

type follower struct {
	options Options
	// behind are the partitions that are not level yet, with the position that is.
	behind map[int32]records.Position
	// newFrom is where what is new begins, where what was before is read too.
	newFrom map[int32]records.Position
	each    func(*kgo.Record) error
}

func (f *follower) run(ctx context.Context, cl *kgo.Client) error {
	for !f.options.UntilEnd || len(f.behind) > 0 {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", f.options.Topic, client.NameRight(err, "READ", "topic "+f.options.Topic))
		}
		if err := f.take(fetches); err != nil {
			return err
		}
	}
	return nil
}

// take passes markers over, but counts them: the last thing of a log is one.
func (f *follower) take(fetches kgo.Fetches) error {
	for it := fetches.RecordIter(); !it.Done(); {
		r := it.Next()
		end, behind := f.behind[r.Partition]
		if f.options.UntilEnd && (!behind || records.Position(r.Offset) >= end) {
			continue
		}
		if !r.Attrs.IsControl() {
			if err := f.hand(r); err != nil {
				return err
			}
		}
		if behind && records.Offset(r.Offset).Next() >= end {
			delete(f.behind, r.Partition)
		}
	}
	return nil
}

func (f *follower) hand(r *kgo.Record) error {
	if records.Position(r.Offset) < f.newFrom[r.Partition] {
		return f.options.Before(r)
	}
	return f.each(r)
}

package follow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// find returns the topic; one that is not there is an error.
func (f *follower) find(ctx context.Context) (topics.Found, error) {
	found, err := f.asks.Describe(ctx, f.Topic)
	if err != nil {
		return topics.Found{}, client.NameRight(err, "DESCRIBE", "topic "+f.Topic)
	}
	topic, there := found[f.Topic]
	if !there {
		return topics.Found{}, fmt.Errorf("topic %s is missing: create it, or start what writes to it", f.Topic)
	}
	return topic, nil
}

// stay applies what comes; it returns why the topic's life has ended.
func (f *follower) stay(ctx context.Context, cfg client.Config, partitions int32) error {
	cl, err := client.NewConsumer(cfg)
	if err != nil {
		return err
	}
	defer cl.Close()
	f.consume(cl, 0, partitions)
	look := time.Now().Add(lookPeriod)
	for {
		if err := f.poll(ctx, cl, look); err != nil || ctx.Err() != nil {
			return err
		}
		if time.Now().Before(look) {
			continue
		}
		look = time.Now().Add(lookPeriod)
		now, err := f.find(ctx)
		switch {
		case err != nil && client.RemedyFor(err) != client.Retry:
			return err
		case err != nil:
			f.waits(err)
		case now.ID != f.id:
			return fmt.Errorf("topic %s was deleted and made again: it is read from the start", f.Topic)
		case now.Partitions > partitions:
			if err := f.load(ctx, partitions, now.Partitions); err != nil {
				return err
			}
			f.consume(cl, partitions, now.Partitions)
			partitions = now.Partitions
			fallthrough
		default:
			f.waits(f.unread())
		}
	}
}

func (f *follower) consume(cl *kgo.Client, first, partitions int32) {
	start := make(map[int32]kgo.Offset)
	for p := first; p < partitions; p++ {
		start[p] = kgo.NewOffset().At(int64(f.positions[p]))
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{f.Topic: start})
}

// poll applies what one poll brings, and waits for that until a moment at the longest.
func (f *follower) poll(ctx context.Context, cl *kgo.Client, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	var failed error
	fetches := cl.PollFetches(ctx)
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if endsLife(p.Err) {
			failed = errors.Join(failed, p.Err)
			return
		}
		f.judge(p)
		if len(p.Records) == 0 {
			return
		}
		f.positions[p.Partition] = records.Offset(p.Records[len(p.Records)-1].Offset).Next()
		if data := withoutMarkers(p.Records); len(data) > 0 {
			f.Apply(data)
		}
	})
	if failed == nil && len(fetches.Errors()) > 0 {
		// What polling again mends; an error that is there still returns at once each time.
		sleep(ctx, pauseMin)
	}
	return failed
}

// judge notes why a partition cannot be read on, as from a batch that cannot be unpacked, until records of it come.
func (f *follower) judge(p kgo.FetchTopicPartition) {
	before := f.failed[p.Partition]
	switch err := p.Err; {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), p.Topic != f.Topic:
		return
	case err != nil:
		f.failed[p.Partition] = fmt.Errorf("%s/%d cannot be read on from position %d: %w", f.Topic, p.Partition, f.positions[p.Partition],
			client.NameRight(err, "READ", "topic "+f.Topic))
	case before != nil && len(p.Records) > 0:
		delete(f.failed, p.Partition)
	}
	if (before == nil) != (f.failed[p.Partition] == nil) {
		f.waits(f.unread())
	}
}

// unread is why partitions cannot be read on; nil if all can.
func (f *follower) unread() error {
	var all error
	for _, p := range slices.Sorted(maps.Keys(f.failed)) {
		all = errors.Join(all, f.failed[p])
	}
	return all
}

func withoutMarkers(fetched []*kgo.Record) []*kgo.Record {
	data := fetched[:0:0]
	for _, r := range fetched {
		if !r.Attrs.IsControl() {
			data = append(data, r)
		}
	}
	return data
}

// endsLife tells whether the topic is another than the one that was read so far, or has lost what was not read yet.
func endsLife(err error) bool {
	var outOfRange *changelog.OutOfRange
	var lost *kgo.ErrDataLoss
	return errors.As(err, &outOfRange) || errors.As(err, &lost) || errors.Is(err, kerr.OffsetOutOfRange) || client.IsMissingTopic(err)
}

package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// newReader reads committed records of partitions that are added to it, and markers: the last thing of a log is one.
func newReader(brokers []string) (*kgo.Client, error) {
	return kgo.NewClient(
		kgo.SeedBrokers(brokers...), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		// A position that is not there any more is for the caller to hear of.
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.FetchMaxWait(500*time.Millisecond),
	)
}

// tail is a reader of what is written to a topic from now on.
func tail(ctx context.Context, brokers []string, topic string) (*kgo.Client, error) {
	cl, err := newReader(brokers)
	if err != nil {
		return nil, err
	}
	ends, err := endsOf(ctx, cl, topic)
	if err != nil {
		cl.Close()
		return nil, err
	}
	from := map[int32]kgo.Offset{}
	for partition, end := range ends {
		from[partition] = kgo.NewOffset().At(end)
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	return cl, nil
}

// endsOf are the ends of all that is written, committed or not.
func endsOf(ctx context.Context, cl *kgo.Client, topic string) (map[int32]int64, error) {
	listed, err := kadm.NewClient(cl).ListEndOffsets(ctx, topic)
	if err := errors.Join(err, listed.Error()); err != nil {
		return nil, fmt.Errorf("asking for the ends of %s: %w", topic, err)
	}
	ends := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	if len(ends) != int(shards) {
		return nil, fmt.Errorf("topic %s has %d partitions, not %d: run the context with --create-topics first", topic, len(ends), shards)
	}
	return ends, nil
}

// follow hands over every record until ctx ends, and then returns the first error that made it miss some.
func follow(ctx context.Context, cl *kgo.Client, each func(*kgo.Record)) error {
	var missed error
	for {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return missed
		}
		missed = cmp.Or(missed, grave(fetches))
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				each(r)
			}
		})
	}
}

// grave is an error after which records are missed. That brokers cannot be reached is none: the client goes on by itself when they can.
func grave(fetches kgo.Fetches) error {
	for _, e := range fetches.Errors() {
		var loss *kgo.ErrDataLoss
		var refusal *kerr.Error
		if errors.As(e.Err, &loss) || errors.As(e.Err, &refusal) && !refusal.Retriable {
			return fmt.Errorf("reading %s/%d: %w", e.Topic, e.Partition, e.Err)
		}
	}
	return nil
}

// A scan reads a topic from its start to the end it has at each call of level.
type scan struct {
	client *kgo.Client
	topic  string
	each   func(*kgo.Record) error
	// read are the positions reached.
	read map[int32]int64
}

func newScan(ctx context.Context, brokers []string, topic string, each func(*kgo.Record) error) (*scan, error) {
	cl, err := newReader(brokers)
	if err != nil {
		return nil, err
	}
	s := &scan{client: cl, topic: topic, each: each, read: map[int32]int64{}}
	starts, err := kadm.NewClient(cl).ListStartOffsets(ctx, topic)
	if err := errors.Join(err, starts.Error()); err != nil {
		cl.Close()
		return nil, fmt.Errorf("asking for the starts of %s: %w", topic, err)
	}
	from := map[int32]kgo.Offset{}
	starts.Each(func(o kadm.ListedOffset) {
		s.read[o.Partition] = o.Offset
		from[o.Partition] = kgo.NewOffset().At(o.Offset)
	})
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	return s, nil
}

// level reads until everything is read that is written by now: also what is not committed yet, which then is or never will be.
func (s *scan) level(ctx context.Context) error {
	ends, err := endsOf(ctx, s.client, s.topic)
	if err != nil {
		return err
	}
	for s.behind(ends) {
		fetches := s.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("reading %s: it stands at %v and ends at %v: %w", s.topic, s.read, ends, ctx.Err())
		}
		if err := grave(fetches); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			s.read[r.Partition] = r.Offset + 1
			if r.Attrs.IsControl() {
				continue
			}
			if err := s.each(r); err != nil {
				return fmt.Errorf("%s/%d at offset %d: %w", s.topic, r.Partition, r.Offset, err)
			}
		}
	}
	return nil
}

func (s *scan) behind(ends map[int32]int64) bool {
	for partition, end := range ends {
		if s.read[partition] < end {
			return true
		}
	}
	return false
}

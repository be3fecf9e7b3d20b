package standing

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// oldestPatience is how long the brokers may take to hand over the records whose age is asked for; what they do not hand over has none.
const oldestPatience = 3 * time.Second

// timesOf reads the first committed record at or behind each position, and tells when it was written.
func (o *Options) timesOf(ctx context.Context, want map[position]bool, ends map[records.TopicPartition]admin.Bounds) (map[position]time.Time, error) {
	times := make(map[position]time.Time, len(want))
	if len(want) == 0 {
		return times, nil
	}
	// A consumer has one position in a partition: of several, the least is read first.
	cl, err := client.NewConsumer(o.Client)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, oldestPatience)
	defer cancel()
	for len(want) > 0 && ctx.Err() == nil {
		round := make(map[records.TopicPartition]position)
		for p := range want {
			if other, ok := round[p.TopicPartition]; !ok || p.Position < other.Position {
				round[p.TopicPartition] = p
			}
		}
		for _, p := range round {
			delete(want, p)
		}
		readRound(ctx, cl, round, ends, times)
	}
	return times, nil
}

// readRound reads one position of each partition. The partitions are left as soon as they have answered.
func readRound(
	ctx context.Context, cl *kgo.Client, round map[records.TopicPartition]position, ends map[records.TopicPartition]admin.Bounds, times map[position]time.Time,
) {
	start := make(map[string]map[int32]kgo.Offset)
	for at, p := range round {
		if start[at.Topic] == nil {
			start[at.Topic] = make(map[int32]kgo.Offset)
		}
		start[at.Topic][at.Partition] = kgo.NewOffset().At(int64(p.Position))
	}
	cl.AddConsumePartitions(start)
	for len(round) > 0 && ctx.Err() == nil {
		cl.PollFetches(ctx).EachPartition(func(f kgo.FetchTopicPartition) {
			at := records.TopicPartition{Topic: f.Topic, Partition: f.Partition}
			p, asked := round[at]
			for _, r := range f.Records {
				if done := !r.Attrs.IsControl(); asked && (done || records.Offset(r.Offset).Next() >= ends[at].Stable) {
					if done {
						times[p] = r.Timestamp
					}
					delete(round, at)
					cl.RemoveConsumePartitions(map[string][]int32{at.Topic: {at.Partition}})
					return
				}
			}
		})
	}
}

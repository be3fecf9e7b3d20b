package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/partita-io/partita/kafka/records"

	"github.com/partita-io/partita/kafka/client"
)

// Bounds are where a partition's log begins and ends.
type Bounds struct {
	// Start is the first position that can be read.
	Start records.Position
	// Stable is where the first open transaction begins, and End the end of everything written: Start <= Stable <= End.
	Stable, End records.Position
}

// Bounds asks for the bounds of every partition of the topics. End is asked for last, so it is never before Stable.
func (a *Admin) Bounds(ctx context.Context, names ...string) (map[records.TopicPartition]Bounds, error) {
	bounds := map[records.TopicPartition]Bounds{}
	if len(names) == 0 {
		return bounds, nil
	}
	for _, ask := range []struct {
		list func(context.Context, ...string) (kadm.ListedOffsets, error)
		set  func(*Bounds, records.Position)
	}{
		{a.adm.ListStartOffsets, func(b *Bounds, p records.Position) { b.Start = p }},
		{a.adm.ListCommittedOffsets, func(b *Bounds, p records.Position) { b.Stable = p }},
		{a.adm.ListEndOffsets, func(b *Bounds, p records.Position) { b.End = p }},
	} {
		var listed map[records.TopicPartition]records.Position
		err := a.settled(ctx, func(ctx context.Context) (err error) {
			listed, err = positions(ctx, ask.list, names)
			return err
		})
		if err != nil {
			return nil, err
		}
		for at, position := range listed {
			b := bounds[at]
			ask.set(&b, position)
			bounds[at] = b
		}
	}
	return bounds, nil
}

// PositionsAt asks for the first record of every partition of the topic whose timestamp is the time or later; where there is none, for the end.
func (a *Admin) PositionsAt(ctx context.Context, topic string, timeMS int64) (map[records.TopicPartition]records.Position, error) {
	var listed map[records.TopicPartition]records.Position
	err := a.settled(ctx, func(ctx context.Context) (err error) {
		listed, err = positions(ctx, func(ctx context.Context, names ...string) (kadm.ListedOffsets, error) {
			return a.adm.ListOffsetsAfterMilli(ctx, timeMS, names...)
		}, []string{topic})
		return err
	})
	return listed, err
}

func positions(
	ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error), names []string,
) (map[records.TopicPartition]records.Position, error) {
	listed, err := list(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("asking for ends of logs: %w", client.NameRight(err, "DESCRIBE", "topic "+strings.Join(names, ", ")))
	}
	found := make(map[records.TopicPartition]records.Position)
	for topic, partitions := range listed {
		for partition, o := range partitions {
			if o.Err != nil {
				return nil, fmt.Errorf("asking for the end of %s/%d: %w", topic, partition, client.NameRight(o.Err, "DESCRIBE", "topic "+topic))
			}
			found[records.TopicPartition{Topic: topic, Partition: partition}] = records.Position(o.Offset)
		}
	}
	return found, nil
}

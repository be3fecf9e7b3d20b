package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/partita-io/partita/kafka/records"
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
		listed, err := ask.list(ctx, names...)
		if err != nil {
			return nil, fmt.Errorf("asking for ends of logs: %w", NameRight(err, "DESCRIBE", "topic "+strings.Join(names, ", ")))
		}
		for topic, partitions := range listed {
			for partition, o := range partitions {
				if o.Err != nil {
					return nil, fmt.Errorf("asking for the end of %s/%d: %w", topic, partition, NameRight(o.Err, "DESCRIBE", "topic "+topic))
				}
				at := records.TopicPartition{Topic: topic, Partition: partition}
				b := bounds[at]
				ask.set(&b, records.Position(o.Offset))
				bounds[at] = b
			}
		}
	}
	return bounds, nil
}

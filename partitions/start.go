package partitions

import (
	"context"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// A Start is where an input begins that its component has no position in yet. The zero value is position 0: whoever reads a topic of the context reads
// all of it, and one whose first records are gone is told so.
type Start struct {
	From StartFrom
	// TimeMS is for FromTime, in ms since 1970.
	TimeMS int64
}

// StartFrom is a kind of Start.
type StartFrom uint8

// Where an input may begin.
const (
	// FromZero begins at position 0.
	FromZero StartFrom = iota
	// FromEarliest begins with the first record that there is.
	FromEarliest
	// FromLatest begins with what comes after the input was seen for the first time.
	FromLatest
	// FromTime begins with the first record of a time or later; where there is none, with what comes.
	FromTime
)

// beginning asks where the partitions of a topic begin for a start.
func (rt *engine) beginning(ctx context.Context, topic string, s Start) (map[records.TopicPartition]records.Position, error) {
	if s.From == FromTime {
		return rt.asks.PositionsAt(ctx, topic, s.TimeMS)
	}
	bounds, err := rt.asks.Bounds(ctx, topic)
	if err != nil {
		return nil, err
	}
	at := make(map[records.TopicPartition]records.Position, len(bounds))
	for partition, b := range bounds {
		if at[partition] = b.Start; s.From == FromLatest {
			at[partition] = b.End
		}
	}
	return at, nil
}

// begin places an input that has no position. Where it begins with what comes, the place is written down at once: asked for again after a restart, it
// would be behind what came meanwhile.
func (s *shard) begin(ctx context.Context, in *input, start Start) error {
	if start.From == FromZero {
		return nil
	}
	at, err := s.engine.beginning(ctx, in.Topic, start)
	if err != nil {
		return fmt.Errorf("where %s begins: %w", in.TopicPartition, err)
	}
	in.committed, in.decided = at[in.TopicPartition], at[in.TopicPartition]
	in.noteAtOnce = start.From != FromEarliest
	return nil
}

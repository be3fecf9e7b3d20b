package changelog

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// EpochEnd returns where the records of a leader epoch end in the log as it is now, -1 if the broker does not know the epoch. A reader that stands
// behind it has read records that were truncated since (KIP-320).
func EpochEnd(ctx context.Context, cl *kgo.Client, tp records.TopicPartition, epoch int32) (records.Position, error) {
	var ask kadm.OffsetForLeaderEpochRequest
	ask.Add(tp.Topic, tp.Partition, epoch)
	answers, err := kadm.NewClient(cl).OffsetForLeaderEpoch(ctx, ask)
	if err == nil {
		err = answers[tp.Topic][tp.Partition].Err
	}
	if err != nil {
		return -1, fmt.Errorf("asking for the end of leader epoch %d of %s: %w", epoch, tp, err)
	}
	answer, ok := answers[tp.Topic][tp.Partition]
	if !ok || answer.LeaderEpoch < 0 {
		return -1, nil
	}
	return records.Position(answer.EndOffset), nil
}

package changelog

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

// nextData asks the log itself for the first position from at on that may still hold committed records for a reader, at most end. It returns at
// when there may be some right there, or when an open transaction keeps them back.
func nextData(ctx context.Context, cl *kgo.Client, tp records.TopicPartition, at, end records.Position) (records.Position, error) {
	stable, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, tp.Topic)
	if err != nil {
		return at, err
	}
	o, ok := stable.Lookup(tp.Topic, tp.Partition)
	if !ok || o.Err != nil {
		return at, o.Err
	}
	if records.Position(o.Offset) < end {
		return at, nil
	}
	batches, err := fetchRaw(ctx, cl, tp, at)
	if err != nil {
		return at, err
	}
	if len(batches) == 0 {
		// A broker returns at least one batch if there is one, however large (KIP-74): there is none.
		return end, nil
	}
	return pastEmpty(batches, at, end), nil
}

// pastEmpty skips batches without records, to the end at most.
func pastEmpty(batches []byte, at, end records.Position) records.Position {
	for len(batches) >= batchHeaderLength {
		var b kmsg.RecordBatch
		length := int(int32(binary.BigEndian.Uint32(batches[batchLengthAt:]))) + batchLengthEnd
		if length < batchHeaderLength || length > len(batches) || b.ReadFrom(batches[:length]) != nil {
			break
		}
		next := records.Position(b.FirstOffset + int64(b.LastOffsetDelta) + 1)
		if next > at && b.NumRecords > 0 {
			break
		}
		at = max(at, next)
		batches = batches[length:]
	}
	return min(at, end)
}

// The head of a record batch (Kafka protocol guide, record batch).
const (
	batchLengthAt     = 8
	batchLengthEnd    = 12
	batchHeaderLength = 61
)

func fetchRaw(ctx context.Context, cl *kgo.Client, tp records.TopicPartition, at records.Position) ([]byte, error) {
	leader, epoch, err := cl.PartitionLeader(tp.Topic, tp.Partition)
	if err != nil {
		return nil, err
	}
	described, err := kadm.NewClient(cl).ListTopics(ctx, tp.Topic)
	if err != nil {
		return nil, err
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxBytes, req.MinBytes, req.MaxWaitMillis, req.IsolationLevel = 1<<20, 0, 0, 1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = tp.Topic, described[tp.Topic].ID
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.CurrentLeaderEpoch = tp.Partition, int64(at), 1<<20, epoch
	topic.Partitions = append(topic.Partitions, p)
	req.Topics = append(req.Topics, topic)
	raw, err := cl.Broker(int(leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	resp, ok := raw.(*kmsg.FetchResponse)
	if !ok || len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, fmt.Errorf("asking %s for its batches: %w", tp, kerr.UnknownServerError)
	}
	answer := resp.Topics[0].Partitions[0]
	return answer.RecordBatches, kerr.ErrorForCode(answer.ErrorCode)
}

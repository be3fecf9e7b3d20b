package transactions

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// A Fence is the group's word that the shards of a transaction are still the writer's (KIP-447): the coordinator takes the offsets only from
// a member of the current generation. The offsets themselves are never read.
type Fence struct {
	Group      string
	Topic      string
	TopicID    [16]byte
	MemberID   string
	Generation int32
	Shards     []int32
}

// ErrNotMember says that the client is between two memberships. A fence without a member id and a generation would be let pass by the broker
// although the group has members (docs/kafka-facts.md), so none is sent.
var ErrNotMember = errors.New("not a member of the group at this moment")

// Fence adds f to the transaction. A refusal must be obeyed: the broker would still commit the transaction.
func (t *Transaction) Fence(ctx context.Context, f Fence) error {
	if f.MemberID == "" || f.Generation < 0 {
		return ErrNotMember
	}
	id, epoch, err := t.producer.ProducerID(ctx)
	if err != nil {
		return fmt.Errorf("fencing %s: %w", t.id, err)
	}
	if t.needsAdd {
		if err := t.addOffsets(ctx, f.Group, id, epoch); err != nil {
			return err
		}
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group = t.id, f.Group
	req.ProducerID, req.ProducerEpoch = id, epoch
	req.MemberID, req.Generation = f.MemberID, f.Generation
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	// Brokers that speak v6 look at the id alone, older ones at the name alone (KIP-1319).
	topic.Topic, topic.TopicID = f.Topic, f.TopicID
	for _, shard := range f.Shards {
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition = shard
		topic.Partitions = append(topic.Partitions, p)
	}
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, t.producer)
	if err != nil {
		return fmt.Errorf("fencing %s: %w", t.id, err)
	}
	for _, topic := range resp.Topics {
		for _, p := range topic.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return fmt.Errorf("fencing %s: shard %d: %w", t.id, p.Partition, f.nameRight(err))
			}
		}
	}
	t.fenced = true
	return nil
}

func (f Fence) nameRight(err error) error {
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return client.NameRight(err, "READ", "topic "+f.Topic)
	}
	return client.NameRight(err, "READ", "group "+f.Group)
}

// addOffsets makes the group's offsets part of the transaction, which newer brokers do by themselves; older ones answer ok to the fence
// without it and lose it (docs/kafka-facts.md).
func (t *Transaction) addOffsets(ctx context.Context, group string, id int64, epoch int16) error {
	req := kmsg.NewPtrAddOffsetsToTxnRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = t.id, group, id, epoch
	resp, err := req.RequestWith(ctx, t.producer)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("adding the group %s to the transaction of %s: %w", group, t.id, client.NameRight(err, "READ", "group "+group))
	}
	return nil
}

// OffsetsNeedAdd asks the brokers whether a fence must be announced first: below transaction.version 2 (KIP-890). It is asked once, at start.
func OffsetsNeedAdd(ctx context.Context, cl *kgo.Client) (bool, error) {
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(ctx, cl)
	if err != nil {
		return false, fmt.Errorf("asking the brokers for their features: %w", err)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			return f.MaxVersionLevel < 2, nil
		}
	}
	return true, nil
}

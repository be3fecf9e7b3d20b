package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// Read hands over what is committed in a topic now, with a consumer of its own. A topic that does not exist holds nothing.
func Read(ctx context.Context, cfg client.Config, topic string, each func(*kgo.Record)) error {
	if err := readToEnd(ctx, cfg, topic, each); err != nil {
		return fmt.Errorf("reading %s: %w", topic, client.NameRight(err, "READ", "topic "+topic))
	}
	return nil
}

func readToEnd(ctx context.Context, cfg client.Config, topic string, each func(*kgo.Record)) error {
	cl, err := client.NewConsumer(cfg)
	if err != nil {
		return err
	}
	defer cl.Close()
	bounds, err := New(cl).Bounds(ctx, topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil
	}
	if err != nil {
		return err
	}
	waiting := map[int32]records.Position{}
	from := map[int32]kgo.Offset{}
	for at, b := range bounds {
		if b.Start < b.Stable {
			waiting[at.Partition] = b.Stable
			from[at.Partition] = kgo.NewOffset().At(int64(b.Start))
		}
	}
	if len(from) == 0 {
		return nil
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	for len(waiting) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				each(r)
			}
			if end, ok := waiting[r.Partition]; ok && records.Offset(r.Offset).Next() >= end {
				delete(waiting, r.Partition)
			}
		})
	}
	return nil
}

// Write writes records and returns when all are safe.
func (a *Admin) Write(ctx context.Context, written ...*kgo.Record) error {
	for _, result := range a.client.ProduceSync(ctx, written...) {
		if result.Err != nil {
			topic := result.Record.Topic
			return fmt.Errorf("writing to %s: %w", topic, client.NameRight(result.Err, "WRITE", "topic "+topic))
		}
	}
	return nil
}

// Delete deletes topics; those that are not there are passed over.
func (a *Admin) Delete(ctx context.Context, topics ...string) error {
	if len(topics) == 0 {
		return nil
	}
	responses, err := a.adm.DeleteTopics(ctx, topics...)
	if err != nil {
		return fmt.Errorf("deleting topics: %w", err)
	}
	var failed []error
	for _, topic := range topics {
		r := responses[topic]
		if err := brokerError(r.Err, r.ErrMessage); err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
			failed = append(failed, fmt.Errorf("deleting topic %s: %w", topic, client.NameRight(err, "DELETE", "topic "+topic)))
		}
	}
	return errors.Join(failed...)
}

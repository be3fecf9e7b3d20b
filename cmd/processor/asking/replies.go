package asking

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// replies is the one partition of the reply topic that an asker listens to.
type replies struct {
	client    *kgo.Client
	topic     string
	partition int32
}

// openReplies asks for the end before anything is sent, so that no answer lies before it.
func openReplies(ctx context.Context, o Options) (*replies, error) {
	r := &replies{topic: o.Context.Replies().Name, partition: rand.Int32N(o.Context.Partitions)}
	var err error
	if r.client, err = client.NewConsumer(o.Client); err != nil {
		return nil, err
	}
	bounds, err := admin.New(r.client).Bounds(ctx, r.topic)
	at, ok := bounds[records.TopicPartition{Topic: r.topic, Partition: r.partition}]
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition), err == nil && !ok:
		err = fmt.Errorf("topic %s is missing or too narrow: `processor topics DIR` tells what the context needs", r.topic)
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("brokers %v did not answer within %s", o.Client.Brokers, o.Timeout)
	}
	if err != nil {
		r.client.Close()
		return nil, err
	}
	from := kgo.NewOffset().At(int64(at.End))
	r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: {r.partition: from}})
	return r, nil
}

func (r *replies) headers(correlation string) []kgo.RecordHeader {
	return []kgo.RecordHeader{
		{Key: records.ReplyTopic, Value: []byte(r.topic)},
		// As text: a person who looks at the record can read it.
		{Key: records.ReplyPartition, Value: strconv.AppendInt(nil, int64(r.partition), 10)},
		{Key: records.CorrelationID, Value: []byte(correlation)},
	}
}

// read hands over every answer with its correlation id until ctx ends. An error of the topic ends all who wait; reading goes on for those to come.
func (r *replies) read(ctx context.Context, answered func(correlation string, value []byte), failed func(error)) {
	for {
		fetches := r.client.PollFetches(ctx)
		if ctx.Err() != nil || fetches.IsClientClosed() {
			return
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			failed(fmt.Errorf("reading answers from %s/%d: %w", topic, partition, client.NameRight(err, "READ", "topic "+topic)))
		})
		fetches.EachRecord(func(record *kgo.Record) {
			if record.Attrs.IsControl() {
				return
			}
			for _, h := range record.Headers {
				if h.Key == records.CorrelationID {
					answered(string(h.Value), record.Value)
				}
			}
		})
	}
}

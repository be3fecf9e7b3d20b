package pubsub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/inbox"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/outbox"
	"github.com/partita-io/partita/partitions"
)

// A Subscription is one subscription of a context.
type Subscription struct {
	// Topics is the context's name and number of partitions.
	Topics topics.Context
	Name   string
	// Topic is what it subscribes to, with any number of partitions, and Start where it begins when it has no position yet.
	Topic    string
	Start    partitions.Start
	Behavior behaviors.Subscription
	// Prepare is called for each message before Behavior sees it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// Version tells which behaviour could not process a dead letter.
	Version string
	// MaxRecordBytes bounds what is sent and a dead letter, headers included. Default 1,000,000 less what Kafka itself adds.
	MaxRecordBytes int
}

const defaultMaxRecordBytes = 1_000_000 - 4096

// Component makes the component that runs the subscription. It is of the write side: what it leads to are commands.
func (s Subscription) Component(ctx context.Context) partitions.Component {
	if s.MaxRecordBytes == 0 {
		s.MaxRecordBytes = defaultMaxRecordBytes
	}
	return partitions.Component{
		Name:   s.Name,
		Side:   partitions.WriteSide,
		Inputs: []partitions.Input{{Topic: s.Topic, Start: s.Start}},
		New: func(shard int32) partitions.Processor {
			return &processor{ctx: ctx, subscription: s, shard: shard, outbox: outbox.NewWriter(s.Topics, s.MaxRecordBytes)}
		},
	}
}

// A processor is the subscription's task on one shard. It keeps nothing between messages.
type processor struct {
	ctx          context.Context //nolint:containedctx // A processor lives as long as its context, and its interface has none.
	subscription Subscription
	shard        int32
	outbox       outbox.Writer
	reader       inbox.Reader
}

// Dropped has nothing to forget.
func (p *processor) Dropped() {}

// Process handles messages. What no function wants is passed and counted; what cannot be processed is dead-lettered.
func (p *processor) Process(w partitions.Window, recs []partitions.Record) error {
	for i := range recs {
		r := &recs[i]
		f := p.reader.Understand(r)
		if r.Value == nil || f.Event.Type != "" && !p.subscription.Behavior.Wants(f.Event.Type) {
			w.Count(partitions.Tally{Kind: partitions.MessagePassed})
			continue
		}
		failure, err := p.handle(w, r, f)
		if err != nil {
			return err
		}
		if failure != nil {
			p.bury(w, r, failure)
		}
	}
	return nil
}

func (p *processor) handle(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error) {
	switch {
	case r.Refused != "":
		return &entities.Failure{Code: entities.Refused, Message: "the broker refuses what the message leads to: " + r.Refused}, nil
	case f.Event.Type == "":
		return &entities.Failure{
			Code: entities.UnknownType, Message: `the record has no header ce_type and its value is no JSON object with a "type": which message it is cannot be told`,
		}, nil
	case f.Hops > entities.MaxHops:
		return &entities.Failure{Code: entities.HopLimit, Message: fmt.Sprintf("%d sends are behind this message, at most %d may be", f.Hops, entities.MaxHops)}, nil
	}
	if failure, err := p.subscription.Prepare.Await(p.ctx, f.Event.Payload); failure != nil || err != nil {
		return failure, err
	}
	cause := p.cause(r, f)
	f.Event.CausationID = cause.ID
	sent, failure := p.subscription.Behavior.Handle(p.ctx, &f.Event)
	if failure != nil {
		return failure, nil
	}
	letters, err := p.outbox.Write(w, cause, &sent, time.UnixMilli(f.Event.NowMS))
	if errors.As(err, &failure) {
		return failure, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range letters {
		w.Produce(r, letters[i].Kind, letters[i].Record)
		w.Count(letters[i].Tally())
	}
	w.Count(partitions.Tally{Kind: partitions.MessageHandled, RecordTimeMS: f.Event.NowMS})
	return nil, nil
}

// cause is the message as what others are sent for: by its id if it has one, else by its place.
func (p *processor) cause(r *partitions.Record, f *inbox.Fact) *outbox.Cause {
	c := &outbox.Cause{Component: p.subscription.Name, ID: records.CommandID(string(f.Source), string(f.ID)), Correlation: string(f.Correlation), Hops: f.Hops, Trace: f.Trace}
	if len(f.ID) == 0 {
		place := records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
		c.ID = place.String()
	}
	if c.Correlation == "" {
		c.Correlation = c.ID
	}
	return c
}

func (p *processor) bury(w partitions.Window, r *partitions.Record, failure *entities.Failure) {
	w.Produce(r, partitions.OutputDeadLetter, partitions.DeadLetter(r, partitions.Death{
		Topic: p.subscription.Topics.DeadLetters().Name, Partition: p.shard, Reason: string(failure.Code), Message: failure.Message,
		Component: p.subscription.Name, Version: p.subscription.Version, NowMS: w.NowMS(), MaxBytes: p.subscription.MaxRecordBytes,
	}))
	w.Count(partitions.Tally{Kind: partitions.DeadLettered, Label: string(failure.Code), Detail: failure.Message})
}

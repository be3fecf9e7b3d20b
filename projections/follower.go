package projections

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/inbox"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A follower is a task on one shard that does something with each event that it wants: what tables and streams have in common. It keeps nothing between
// records.
type follower struct {
	ctx    context.Context //nolint:containedctx // A processor lives as long as its context, and its interface has none.
	topics topics.Context
	// name is the component's, projection what operators call it.
	name, projection, version string
	shard                     int32
	prepare                   behaviors.Prepare
	onFailure                 entities.OnFailure
	maxRecordBytes            int

	reader inbox.Reader
	wants  func(eventType string) bool
	// take does with an event what is to be done. A failure is of the event; after an error the task cannot go on.
	take func(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error)
}

// Dropped has nothing to forget.
func (p *follower) Dropped() {}

// Process takes events in the order of the log. One that cannot be taken goes to the dead letters, and the next one goes on, or the task stops before it.
func (p *follower) Process(w partitions.Window, recs []partitions.Record) error {
	for i := range recs {
		r := &recs[i]
		f := p.reader.Understand(r)
		if f.Event.Type == "" && r.Value == nil {
			// A tombstone of a foreign topic says that something is gone, not what happened.
			continue
		}
		if f.Event.Type != "" && !p.wants(f.Event.Type) {
			continue
		}
		failure, err := p.follow(w, r, f)
		if err != nil {
			return err
		}
		if failure == nil {
			continue
		}
		if p.onFailure == entities.Stop && !r.MayFail {
			return p.stopBefore(r, f, failure)
		}
		p.bury(w, r, f, failure)
	}
	return nil
}

func (p *follower) follow(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error) {
	if r.Refused != "" {
		return &entities.Failure{Code: entities.Refused, Message: "the broker refuses what the event leads to: " + r.Refused}, nil
	}
	if f.Event.Type == "" {
		return &entities.Failure{
			Code: entities.UnknownType, Message: `the record has no header ce_type and its value is no JSON object with a "type": what happened cannot be told`,
		}, nil
	}
	if failure, err := p.prepare.Await(p.ctx, f.Event.Payload); failure != nil || err != nil {
		return failure, err
	}
	return p.take(w, r, f)
}

func (p *follower) bury(w partitions.Window, r *partitions.Record, f *inbox.Fact, failure *entities.Failure) {
	w.Produce(r, partitions.OutputDeadLetter, partitions.DeadLetter(r, partitions.Death{
		Topic: p.topics.DeadLetters().Name, Partition: p.shard, Reason: string(failure.Code), Message: failure.Message, Component: p.name,
		Version: p.version, Sequence: f.Event.Sequence, NowMS: w.NowMS(), MaxBytes: p.maxRecordBytes,
	}))
	w.Count(partitions.Tally{Kind: partitions.DeadLettered, Label: string(failure.Code), Detail: failure.Message})
}

// stopBefore names the event and both mends: to do better with it, or to do without it.
func (p *follower) stopBefore(r *partitions.Record, f *inbox.Fact, failure *entities.Failure) error {
	place := placeOf(r)
	event := place.String()
	if f.ID != nil {
		event = fmt.Sprintf("%s (%s)", f.ID, place)
	}
	return &partitions.StopError{Before: r, Err: fmt.Errorf("%s stopped before the event %s: %w; mend it and start the processors anew, or, to go on without the event, "+
		"run: processor projections %s skip %s", p.name, event, failure, p.topics.FolderText(), p.projection)}
}

func placeOf(r *partitions.Record) records.Place {
	return records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
}

// CheckRowKey tells why a key cannot be that of a row; nil if it can.
func CheckRowKey(key []byte) *entities.Failure { return checkKey(key, "the row's key") }

// checkKey tells why a key cannot be one; what names it in the message.
func checkKey(key []byte, what string) *entities.Failure {
	switch {
	case len(key) == 0:
		return &entities.Failure{Code: entities.NoKey, Message: what + " is empty"}
	case len(key) > maxKeyBytes:
		return &entities.Failure{Code: entities.KeyTooLong, Message: fmt.Sprintf("%s has %d bytes, at most %d are a key", what, len(key), maxKeyBytes)}
	}
	return nil
}

// recordBytes is about what a record takes in a batch.
func recordBytes(key, value []byte, headers []kgo.RecordHeader) int {
	const recordOverhead, headerOverhead = 32, 10
	n := len(key) + len(value) + recordOverhead
	for _, h := range headers {
		n += len(h.Key) + len(h.Value) + headerOverhead
	}
	return n
}

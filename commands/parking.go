package commands

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// failed is the way of a command that could not be decided: a dead letter, or parked with its entity.
func (p *processor) failed(w partitions.Window, q *request, e *entity, f *entities.Failure) {
	if p.definition.OnFailure == entities.Park {
		p.park(w, q, e, f)
		return
	}
	p.writer.fail(w, q, e.stored.Sequence, f)
}

// refused is the way of a command of which the broker refused something for good. If that was what keeps it parked, it cannot be parked.
func (p *processor) refused(w partitions.Window, q *request, e *entity, f *entities.Failure) {
	for _, topic := range []string{p.writer.parked, p.definition.Topics.Changelog(p.definition.Name).Name} {
		if strings.HasPrefix(q.record.Refused, topic+"/") {
			p.writer.fail(w, q, e.stored.Sequence, f)
			return
		}
	}
	if e.stored.Parked != nil {
		p.queue(w, q, e)
		return
	}
	p.failed(w, q, e, f)
}

// queue has a command wait behind those of its parked entity, unless it was answered before.
func (p *processor) queue(w partitions.Window, q *request, e *entity) {
	if !p.repeats(w, q, e) {
		p.park(w, q, e, nil)
	}
}

// park keeps a command until somebody releases or skips it: the first of its entity for the failure f, later ones with none.
func (p *processor) park(w partitions.Window, q *request, e *entity, f *entities.Failure) {
	now := w.NowMS()
	parked := entities.Parked{First: q.record.Offset, Next: q.record.Offset, SinceMS: now, Reason: reasonOf(f)}
	if e.stored.Parked != nil {
		parked = *e.stored.Parked
	}
	c := waitingCommand{number: parked.Next, Waiting: entities.Waiting{
		Topic: q.record.Topic, Partition: q.record.Partition, Offset: q.record.Offset,
		TimeMS: q.command.NowMS, ParkedMS: now, Failure: f, Headers: q.command.Headers, Value: q.record.Value,
	}}
	if !p.keep(w, q.cause, e, &c) {
		p.writer.fail(w, q, e.stored.Sequence, p.unparkable(f))
		return
	}
	parked.Next++
	p.setParked(w, q.cause, e, &parked)
	tally := partitions.Tally{Kind: partitions.CommandParked, Label: string(reasonOf(f))}
	if f != nil {
		tally.Detail = p.definition.Name + "/" + e.id + ": " + f.Message
	}
	w.Count(tally)
}

func reasonOf(f *entities.Failure) entities.FailureCode {
	if f == nil {
		return entities.Untried
	}
	return f.Code
}

func (p *processor) unparkable(f *entities.Failure) *entities.Failure {
	message := "the command has no room to wait with its parked entity: it and what is said about it would take more than " +
		strconv.Itoa(p.definition.MaxRecordBytes) + " bytes"
	if f != nil {
		message += "; it failed with " + f.Error()
	}
	return &entities.Failure{Code: entities.TooLargeToPark, Message: message}
}

// A waitingCommand is a command of a parked entity with its number.
type waitingCommand struct {
	number int64
	entities.Waiting
	// unreadable is why the stored bytes were not understood; they are Value then.
	unreadable error
}

// keep writes a waiting command to the store, and to the topic that shows it. It does nothing and returns false if a record has no room for it.
func (p *processor) keep(w partitions.Window, cause *partitions.Record, e *entity, c *waitingCommand) bool {
	key, value, shown := entities.WaitingKey(e.id, c.number), c.Append(nil), p.writer.waiting(e, c)
	if recordBytes(shown) > p.definition.MaxRecordBytes || len(key)+len(value) > p.definition.MaxRecordBytes {
		return false
	}
	w.Put(cause, key, value, nil)
	w.Produce(cause, partitions.OutputParked, shown)
	return true
}

// setParked stores how the entity is parked, or that it is not any more.
func (p *processor) setParked(w partitions.Window, cause *partitions.Record, e *entity, parked *entities.Parked) {
	next := e.stored
	next.Parked = parked
	value := encode(&next)
	e.stored = next
	p.hold(e)
	w.Put(cause, []byte(e.id), value, nil)
}

// waitingKey is the key of the record that shows a waiting command.
func (o *writer) waitingKey(e *entity, number int64) []byte {
	return []byte(records.WaitingID{Entity: o.definition.Name, Number: number, ID: e.id}.String())
}

// waiting is the record that shows a waiting command: its value and headers as they were, and headers that say why it waits.
func (o *writer) waiting(e *entity, c *waitingCommand) *kgo.Record {
	message := ""
	if c.Failure != nil {
		message = c.Failure.Message
	}
	place := records.Place{TopicPartition: records.TopicPartition{Topic: c.Topic, Partition: c.Partition}, Offset: records.Offset(c.Offset)}
	headers := make([]kgo.RecordHeader, 0, len(c.Headers)+7)
	for _, h := range c.Headers {
		headers = append(headers, kgo.RecordHeader(h))
	}
	headers = append(headers,
		kgo.RecordHeader{Key: records.DeadLetterReason, Value: []byte(reasonOf(c.Failure))},
		kgo.RecordHeader{Key: records.DeadLetterMessage, Value: []byte(entities.CutMessage(message))},
		kgo.RecordHeader{Key: records.DeadLetterSource, Value: []byte(place.String())},
		kgo.RecordHeader{Key: records.DeadLetterComponent, Value: []byte(o.definition.Name)},
		kgo.RecordHeader{Key: records.DeadLetterHandler, Value: []byte(o.definition.Version)},
		kgo.RecordHeader{Key: records.Sequence, Value: strconv.AppendInt(nil, e.stored.Sequence, 10)},
		kgo.RecordHeader{Key: records.DeadLetterTime, Value: strconv.AppendInt(nil, c.ParkedMS, 10)},
	)
	value := c.Value
	if value == nil {
		value = []byte{} // Without one the record would be a tombstone.
	}
	r := &kgo.Record{Topic: o.parked, Partition: o.shard, Key: o.waitingKey(e, c.number), Value: value, Headers: headers}
	if c.TimeMS > 0 {
		r.Timestamp = time.UnixMilli(c.TimeMS)
	}
	return r
}

// gone is the tombstone of the record that showed a waiting command.
func (o *writer) gone(e *entity, number int64) *kgo.Record {
	return &kgo.Record{Topic: o.parked, Partition: o.shard, Key: o.waitingKey(e, number)}
}

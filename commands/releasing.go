package commands

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A releasing is what one operation's record does to one parked entity in one window.
type releasing struct {
	processor *processor
	window    partitions.Window
	operation *request
	entity    *entity
	order     records.Order

	// commands and bytes are how much was taken from the queue.
	commands, bytes int
	// stopped: the first that waits has failed again.
	stopped bool
}

func (r *releasing) hasRoom() bool {
	if r.order.Singly {
		return r.commands == 0
	}
	return r.commands < r.processor.definition.ReleaseCommands && r.bytes < releasedMostBytes
}

// first reads the first command that waits; nil if none does.
func (r *releasing) first() (*waitingCommand, error) {
	parked := r.entity.stored.Parked
	if parked == nil {
		return nil, nil
	}
	value, err := r.window.Get(entities.WaitingKey(r.entity.id, parked.First))
	if err != nil {
		return nil, err
	}
	c := &waitingCommand{number: parked.First}
	if c.Waiting, err = entities.ParseWaiting(value); err != nil {
		input := r.operation.record
		c.Waiting = entities.Waiting{Topic: input.Topic, Partition: input.Partition, Value: value, TimeMS: r.window.NowMS(), ParkedMS: parked.SinceMS}
		c.unreadable = fmt.Errorf("the waiting command %d of %s cannot be read: %w", c.number, r.entity.id, err)
	}
	return c, nil
}

// request makes a request of a command that waited, as if its record had just come.
func (r *releasing) request(c *waitingCommand) *request {
	record := &kgo.Record{
		Topic: c.Topic, Partition: c.Partition, Offset: c.Offset, Key: []byte(r.entity.id), Value: c.Value, Timestamp: time.UnixMilli(c.TimeMS),
	}
	for _, h := range c.Headers {
		record.Headers = append(record.Headers, kgo.RecordHeader(h))
	}
	operation := r.operation.record
	q := r.processor.reader.understand(&partitions.Record{Record: record, Refused: operation.Refused, ReplyRefused: operation.ReplyRefused})
	q.cause = r.operation.cause
	q.command.EntityID, q.command.Sequence = r.entity.id, r.entity.stored.Sequence
	return q
}

// skip makes the first a dead letter and returns the next.
func (r *releasing) skip(c *waitingCommand) (*waitingCommand, error) {
	q := r.request(c)
	defer r.processor.reader.release(q)
	failure := c.Failure
	if failure == nil {
		failure = &entities.Failure{Code: entities.Untried, Message: "skipped before it was decided"}
	}
	if c.unreadable != nil {
		failure = &entities.Failure{Code: entities.Malformed, Message: c.unreadable.Error()}
	}
	r.processor.writer.fail(r.window, q, r.entity.stored.Sequence, failure)
	return r.leave(c)
}

// release decides the first and returns the next, or the same if it has failed again.
func (r *releasing) release(c *waitingCommand) (*waitingCommand, error) {
	q := r.request(c)
	defer r.processor.reader.release(q)
	failure, err := r.decide(q, c)
	switch {
	case err != nil:
		return nil, err
	case failure == nil:
		return r.leave(c)
	case r.processor.definition.OnFailure != entities.Park:
		r.processor.writer.fail(r.window, q, r.entity.stored.Sequence, failure)
		return r.leave(c)
	}
	r.stay(c, failure)
	return c, nil
}

// decide decides one command by itself and carries the decision out, unless it fails.
func (r *releasing) decide(q *request, c *waitingCommand) (*entities.Failure, error) {
	p, e := r.processor, r.entity
	if c.unreadable != nil {
		return &entities.Failure{Code: entities.Malformed, Message: c.unreadable.Error()}, nil
	}
	if refusal := refusalOf(q.record); refusal != nil {
		return refusal, nil
	}
	if p.settled(r.window, q, e) {
		return nil, nil
	}
	if failure, err := p.prepare(q, e); failure != nil || err != nil {
		return failure, err
	}
	turn := []behaviors.Turn{{Command: &q.command, State: e.state, Replicated: p.views}}
	p.definition.Behavior.Decide(p.ctx, turn)
	out, err := p.outgoing(r.window, q, &turn[0])
	if err != nil {
		return nil, err
	}
	if failure := turn[0].Failure; failure != nil {
		e.decoded = e.decoded && turn[0].StateIsKept
		return failure, nil
	}
	p.carryOut(r.window, q, e, &turn[0], out)
	return nil, nil
}

// leave takes the first out of the queue and returns the next.
func (r *releasing) leave(c *waitingCommand) (*waitingCommand, error) {
	e, cause := r.entity, r.operation.cause
	r.commands++
	r.bytes += len(c.Value) + recordOverhead
	r.order.Decided++
	r.window.Delete(cause, entities.WaitingKey(e.id, c.number), nil)
	r.window.Produce(cause, partitions.OutputParked, r.processor.writer.gone(e, c.number))
	parked := *e.stored.Parked
	if parked.First++; parked.Waiting() == 0 {
		r.processor.setParked(r.window, cause, e, nil)
		return nil, nil
	}
	e.stored.Parked = &parked
	next, err := r.first()
	if err != nil {
		return nil, err
	}
	parked.SinceMS, parked.Reason = next.ParkedMS, reasonOf(next.Failure)
	r.processor.setParked(r.window, cause, e, &parked)
	return next, nil
}

// stay notes what the first that waits has failed with now.
func (r *releasing) stay(c *waitingCommand, failure *entities.Failure) {
	r.stopped = true
	c.Failure = failure
	cause := r.operation.cause
	if c.unreadable == nil && failure.Code != entities.Refused {
		// What has no room for the new message keeps the old one. Nor is it written when something was refused: it might be this.
		r.processor.keep(r.window, cause, r.entity, c)
	}
	parked := *r.entity.stored.Parked
	parked.Reason = failure.Code
	r.processor.setParked(r.window, cause, r.entity, &parked)
}

// end answers the operation: first is what waits now.
func (r *releasing) end(first *waitingCommand, err error) error {
	if err != nil {
		return err
	}
	e := r.entity
	released := records.Released{Decided: r.order.Decided}
	if first != nil {
		released.Waiting, released.Reason = e.stored.Parked.Waiting(), string(reasonOf(first.Failure))
		if first.Failure != nil {
			released.Message = first.Failure.Message
		}
	}
	reply, err := json.Marshal(released)
	if err != nil {
		return err
	}
	r.processor.writer.tell(r.window, r.operation, &entities.Answer{Status: entities.Accepted, Sequence: e.stored.Sequence, Reply: reply})
	return nil
}

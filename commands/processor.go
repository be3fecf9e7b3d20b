package commands

import (
	"context"
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/lru"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
)

// A processor is the entity type's task on one shard.
type processor struct {
	ctx        context.Context //nolint:containedctx // A processor lives as long as its context, and its interface has none.
	definition Definition
	shard      int32
	// cache holds the newest decided entities, committed or not.
	cache  *lru.Cache[*entity]
	reader reader
	writer writer
	own    *replicated.Own
	// views are nil for a context without replicated values.
	views behaviors.Views

	// The commands that wait to be decided together, of different entities; turns are theirs, in the same order.
	waiting []pending
	turns   []behaviors.Turn
}

type pending struct {
	request *request
	entity  *entity
}

// mostTogether bounds how many commands are decided together: what waits takes memory.
const mostTogether = 1024

func newProcessor(ctx context.Context, d Definition, shard int32) *processor {
	input := records.TopicPartition{Topic: d.Topics.Commands(d.Name).Name, Partition: shard}
	p := &processor{
		ctx: ctx, definition: d, shard: shard, cache: lru.New[*entity](d.CacheBytes), reader: newReader(input), writer: newWriter(d, shard),
		own: replicated.NewOwn(d.Replicated, d.Name, shard),
	}
	if p.own != nil {
		p.views = p.own.View
	}
	return p
}

// Dropped forgets everything decided: the cache holds it.
func (p *processor) Dropped() {
	p.cache.Clear()
	p.own.Forget()
}

// Process decides records in the order of the log. Commands of different entities are given to the behaviour together; one of an entity that has
// a command waiting lets those before it be decided first.
func (p *processor) Process(w partitions.Window, recs []partitions.Record) error {
	if err := p.own.Load(w); err != nil {
		return err
	}
	for i := range recs {
		if err := p.admit(w, &recs[i]); err != nil {
			p.forget()
			return err
		}
		if len(p.waiting) == mostTogether || p.cache.Overflows() {
			if err := p.decide(w); err != nil {
				return err
			}
			p.cache.Trim()
		}
	}
	err := p.decide(w)
	p.cache.Trim()
	return err
}

// forget gives up what waits, for a window that cannot go on.
func (p *processor) forget() {
	p.release()
	p.Dropped()
}

// admit sees to everything that the behaviour is not asked about; what is left waits.
func (p *processor) admit(w partitions.Window, r *partitions.Record) error {
	q := p.reader.understand(r)
	waits, err := p.consider(w, q)
	if !waits {
		p.reader.release(q)
	}
	return err
}

// consider tells whether the request now waits to be decided.
func (p *processor) consider(w partitions.Window, q *request) (waits bool, err error) {
	refusal := refusalOf(q.record)
	if misfit := p.misfit(q.record); misfit != nil {
		switch {
		case refusal != nil:
			p.writer.fail(w, q, 0, refusal)
		case misfit.Code == entities.Misrouted && !q.forwarded:
			p.writer.forward(w, q)
		default:
			p.writer.fail(w, q, 0, misfit)
		}
		return false, nil
	}
	e, failure, err := p.find(w, q.record.Key)
	if err != nil {
		return false, err
	}
	if failure != nil {
		p.writer.fail(w, q, 0, failure)
		return false, nil
	}
	q.command.EntityID, q.command.Sequence = e.id, e.stored.Sequence
	switch {
	case q.operation != nil:
		return false, p.operate(w, q, e)
	case refusal != nil:
		p.refused(w, q, e, refusal)
		return false, nil
	case q.hops > entities.MaxHops:
		// Whether its entity is parked or not: what waits would come back for ever.
		p.writer.fail(w, q, e.stored.Sequence, tooManyHops(q))
		return false, nil
	case e.stored.Parked != nil:
		p.queue(w, q, e)
		return false, nil
	case p.settled(w, q, e):
		return false, nil
	}
	if failure, err = p.prepare(q, e); err != nil {
		return false, err
	}
	if failure != nil {
		p.failed(w, q, e, failure)
		return false, nil
	}
	e.inBatch = true
	p.waiting = append(p.waiting, pending{request: q, entity: e})
	p.turns = append(p.turns, behaviors.Turn{Command: &q.command, State: e.state, Replicated: p.views})
	return true, nil
}

// prepare makes sure that the behaviour can read the command and the state.
func (p *processor) prepare(q *request, e *entity) (*entities.Failure, error) {
	failure, err := p.definition.Prepare.Await(p.ctx, q.command.Payload)
	if err == nil && failure == nil {
		failure = p.ready(e)
	}
	return failure, err
}

func tooManyHops(q *request) *entities.Failure {
	return &entities.Failure{
		Code:    entities.HopLimit,
		Message: fmt.Sprintf("%d sends are behind this command, at most %d may be: entities that send to each other for ever must come to an end", q.hops, entities.MaxHops),
	}
}

// refusalOf is the failure of a record of which the broker refused something for good; nil for others.
func refusalOf(r *partitions.Record) *entities.Failure {
	if r.Refused == "" {
		return nil
	}
	return &entities.Failure{Code: entities.Refused, Message: "the broker refuses what the command leads to: " + r.Refused}
}

// misfit tells why a record is no command of an entity of this shard; nil if it is one. Misrouted is no failure the first time.
func (p *processor) misfit(r *partitions.Record) *entities.Failure {
	switch {
	case len(r.Key) == 0:
		return &entities.Failure{Code: entities.NoKey, Message: "the record has no key: the key is the entity's id"}
	case len(r.Key) > maxKeyBytes:
		return &entities.Failure{Code: entities.KeyTooLong, Message: fmt.Sprintf("the key has %d bytes, at most %d are an id", len(r.Key), maxKeyBytes)}
	case entities.IsReserved(r.Key):
		return &entities.Failure{Code: entities.Malformed, Message: "the key begins as those under which Partita keeps what is its own: it cannot be an id"}
	}
	if right := records.Partition(r.Key, p.definition.Topics.Partitions); right != p.shard {
		return &entities.Failure{
			Code: entities.Misrouted, Message: fmt.Sprintf("forwarded, and still not on partition %d, where its key belongs", right),
		}
	}
	return nil
}

// settled answers commands that need no decision: one that was answered before, a header that is no number, one that comes too late, one that
// expects another sequence.
func (p *processor) settled(w partitions.Window, q *request, e *entity) bool {
	if p.repeats(w, q, e) {
		return true
	}
	now := w.NowMS()
	var r *entities.Rejection
	switch {
	case q.badHeader != "":
		r = &entities.Rejection{Code: entities.BadHeader, Message: q.badHeader}
	case q.deadlineMS >= 0 && now > q.deadlineMS:
		r = &entities.Rejection{Code: entities.DeadlinePassed, Message: fmt.Sprintf("the deadline passed %d ms ago", now-q.deadlineMS)}
	case q.expected >= 0 && q.expected != e.stored.Sequence:
		r = &entities.Rejection{Code: entities.WrongSequence, Message: fmt.Sprintf("expected sequence %d, it is %d", q.expected, e.stored.Sequence)}
	default:
		return false
	}
	p.reject(w, q, e, r)
	return true
}

// repeats gives a command that was answered before its first answer again.
func (p *processor) repeats(w partitions.Window, q *request, e *entity) bool {
	if !q.given {
		return false
	}
	first, ok := p.definition.Remember.Recall(e.stored.Outcomes, q.hash, w.NowMS())
	if ok {
		p.writer.repeat(w, q, first)
	}
	return ok
}

// decide gives what waits to the behaviour and carries the decisions out.
func (p *processor) decide(w partitions.Window) error {
	if len(p.waiting) == 0 {
		return nil
	}
	p.definition.Behavior.Decide(p.ctx, p.turns)
	for i := range p.waiting {
		out, err := p.outgoing(w, p.waiting[i].request, &p.turns[i])
		if err != nil {
			p.forget()
			return err
		}
		p.waiting[i].entity.inBatch = false
		p.carryOut(w, p.waiting[i].request, p.waiting[i].entity, &p.turns[i], out)
	}
	p.release()
	return nil
}

// release lets go of what waited.
func (p *processor) release() {
	for i := range p.waiting {
		p.reader.release(p.waiting[i].request)
	}
	clear(p.waiting)
	clear(p.turns)
	p.waiting, p.turns = p.waiting[:0], p.turns[:0]
}

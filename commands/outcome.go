package commands

import (
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/lru"
	"github.com/partita-io/partita/outbox"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
)

// carryOut makes a turn's decision happen, with what leaves by it.
func (p *processor) carryOut(w partitions.Window, q *request, e *entity, t *behaviors.Turn, out outgoing) {
	if t.Failure != nil || t.Decision.Rejection != nil || len(t.Decision.Events) == 0 {
		e.decoded = e.decoded && t.StateIsKept
	}
	switch {
	case t.Failure != nil:
		p.failed(w, q, e, t.Failure)
	case t.Decision.Rejection != nil:
		p.reject(w, q, e, t.Decision.Rejection)
	case len(t.Decision.Events) == 0:
		p.acceptUnchanged(w, q, e, t.Decision.Reply, out)
	default:
		p.accept(w, q, e, t, out)
	}
}

// An outgoing is what a decision does beside its events, once its command is accepted.
type outgoing struct {
	letters []outbox.Letter
	staged  replicated.Staged
}

// outgoing makes what leaves by the decision. Where something of it cannot be made, the turn becomes a failure; an error is that of the window.
func (p *processor) outgoing(w partitions.Window, q *request, t *behaviors.Turn) (out outgoing, err error) {
	staged, failure := p.own.Stage(t.Decision.Changes)
	if failure != nil {
		t.Decision, t.Failure = entities.Decision{}, failure
	}
	out.staged = staged
	out.letters, err = p.letters(w, q, t)
	return out, err
}

// letters are the records of what the decision sends.
func (p *processor) letters(w partitions.Window, q *request, t *behaviors.Turn) ([]outbox.Letter, error) {
	if t.Decision.Messages.Count() == 0 {
		return nil, nil
	}
	letters, err := p.writer.outbox.Write(w, p.writer.cause(q), &t.Decision.Messages, time.UnixMilli(q.command.NowMS))
	if errors.As(err, &t.Failure) {
		t.Decision, err = entities.Decision{}, nil
	}
	return letters, err
}

// post produces what the decision sends, and keeps what it changes of replicated values.
func (p *processor) post(w partitions.Window, q *request, out outgoing) {
	p.own.Keep(w, q.cause, out.staged)
	for _, l := range out.letters {
		w.Produce(q.cause, l.Kind, l.Record)
		w.Count(l.Tally())
	}
}

// accept records the events and the state after them, unless something of it is too large.
func (p *processor) accept(w partitions.Window, q *request, e *entity, t *behaviors.Turn, out outgoing) {
	d := &t.Decision
	next := e.stored
	next.Sequence += int64(len(d.Events))
	next.EventTimeMS = q.command.NowMS
	next.Fingerprint, next.State = d.StateFingerprint, lru.Snug(d.StateData)
	if d.Events[len(d.Events)-1].Deletes {
		// A stub stays: sequences go on, answers are remembered.
		next.State = nil
	}
	if q.given {
		next.Outcomes = p.definition.Remember.Keep(e.stored.Outcomes, entities.Outcome{
			Command: q.hash, Sequence: next.Sequence, Events: len(d.Events), Reply: d.Reply, TimeMS: w.NowMS(),
		}, w.NowMS())
	}
	value := encode(&next)
	events, tooLarge := p.writer.events(q, e.stored.Sequence, d.Events)
	if size := len(e.id) + len(value); tooLarge == nil && size > p.definition.MaxRecordBytes {
		tooLarge = p.tooLarge("the state", size)
	}
	if tooLarge != nil {
		e.decoded = e.decoded && t.StateIsKept
		p.reject(w, q, e, tooLarge)
		return
	}
	e.stored, e.state, e.decoded = next, d.State, len(next.State) > 0
	p.hold(e)
	w.Put(q.cause, q.record.Key, value, nil)
	for _, event := range events {
		w.Produce(q.cause, partitions.OutputEvent, event)
		w.Count(partitions.Tally{Kind: partitions.EventEmitted})
	}
	p.post(w, q, out)
	p.writer.answer(w, q, "accepted", &entities.Answer{
		Status: entities.Accepted, Sequence: next.Sequence, Events: len(d.Events), Reply: d.Reply,
	})
}

// What most entities take as bytes beside their state, and what most of their answers do.
const (
	storedOverhead = 32
	storedOutcome  = 32
)

// encode returns the entity as it is stored. State is the end of it from then on: what is cached and what is written are the same bytes.
func encode(s *entities.Stored) []byte {
	value := s.Append(make([]byte, 0, len(s.State)+storedOverhead+storedOutcome*len(s.Outcomes)))
	s.State = value[len(value)-len(s.State):]
	return value
}

func (p *processor) tooLarge(what string, size int) *entities.Rejection {
	return &entities.Rejection{Code: entities.TooLarge, Message: fmt.Sprintf("%s would take %d bytes, at most %d are written", what, size, p.definition.MaxRecordBytes)}
}

// acceptUnchanged answers a command that changed nothing of the entity. It costs the store nothing unless the sender named it. What could not be remembered
// would leave again when the command is repeated.
func (p *processor) acceptUnchanged(w partitions.Window, q *request, e *entity, reply []byte, out outgoing) {
	if !p.remember(w, q, e, entities.Outcome{Reply: reply}) && len(out.letters)+len(out.staged) > 0 {
		p.reject(w, q, e, p.tooLarge("the state with one more answer", p.definition.MaxRecordBytes+1))
		return
	}
	p.post(w, q, out)
	p.writer.answer(w, q, "accepted", &entities.Answer{Status: entities.Accepted, Sequence: e.stored.Sequence, Reply: reply})
}

func (p *processor) reject(w partitions.Window, q *request, e *entity, r *entities.Rejection) {
	p.remember(w, q, e, entities.Outcome{Rejected: true, Code: r.Code, Message: r.Message})
	p.writer.answer(w, q, "rejected", &entities.Answer{
		Status: entities.Rejected, Code: r.Code, Message: r.Message, Sequence: e.stored.Sequence,
	})
}

// remember keeps the answer to a command that its sender named; false if there is no room for it.
func (p *processor) remember(w partitions.Window, q *request, e *entity, o entities.Outcome) bool {
	if !q.given {
		return true
	}
	next := e.stored
	o.Command, o.Sequence, o.TimeMS = q.hash, e.stored.Sequence, w.NowMS()
	next.Outcomes = p.definition.Remember.Keep(e.stored.Outcomes, o, w.NowMS())
	value := encode(&next)
	if len(e.id)+len(value) > p.definition.MaxRecordBytes {
		// A state at the limit has no room for one more answer; a command that changes nothing is answered all the same.
		return false
	}
	e.stored = next
	p.hold(e)
	w.Put(q.cause, q.record.Key, value, nil)
	return true
}

// recordBytes is about what a record takes in a batch.
func recordBytes(r *kgo.Record) int {
	n := len(r.Key) + len(r.Value) + recordOverhead
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value) + headerOverhead
	}
	return n
}

const (
	recordOverhead = 32
	headerOverhead = 10
)

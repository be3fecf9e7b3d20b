package ledger

import (
	"slices"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// A logged is an event as the log has it.
type logged struct {
	event
	entityID
	Sequence  int64
	Causation string
	Partition int32
}

// A row is one of either projection; the fields that it lacks are zero.
type row struct {
	Events   int64 `json:"events"`
	Sum      int64 `json:"sum"`
	Value    int64 `json:"value"`
	Sequence int64 `json:"sequence"`
}

// A rowID names a row.
type rowID struct{ Projection, Key string }

// An eventCheck holds the events of a run, one after another, against the commands and their answers, and folds them.
type eventCheck struct {
	book     *book
	read     int
	findings []Finding
	folds    map[entityID]*fold
	rows     map[rowID]row
	// seen is how many events each operation has, by number.
	seen []int
}

// A fold is an entity as its events make it.
type fold struct {
	state
	// cause is the operation of the last event, due what it must cause yet.
	cause *operation
	due   []event
	// broken: something was wrong with it, so that what its events make says nothing more about its answers.
	broken bool
	// quiet are the answered operations without events, by the sequence they were answered at.
	quiet map[int64][]*operation
}

func newEventCheck(b *book) *eventCheck {
	c := &eventCheck{book: b, folds: map[entityID]*fold{}, rows: map[rowID]row{}, seen: make([]int, len(b.operations))}
	for _, o := range b.operations {
		f := c.fold(o.entity())
		if o.Answer != nil && o.Answer.Events == 0 {
			f.quiet[o.Answer.Sequence] = append(f.quiet[o.Answer.Sequence], o)
		}
	}
	for _, f := range c.folds {
		c.hear(f)
	}
	return c
}

func (c *eventCheck) fold(id entityID) *fold {
	f := c.folds[id]
	if f == nil {
		f = &fold{quiet: map[int64][]*operation{}}
		c.folds[id] = f
	}
	return f
}

func (c *eventCheck) found(kind, format string, args ...any) {
	c.findings = append(c.findings, finding(kind, format, args...))
}

// take is given the events of each partition in the order of the log.
func (c *eventCheck) take(e logged) {
	o := c.book.caused(e.Causation)
	if o == nil && !c.book.ours(e.ID) {
		return // Of another run.
	}
	c.read++
	if right := records.Partition([]byte(e.ID), shards); e.Partition != right {
		c.found(Gap, "%s: event %d lies on partition %d, its key belongs on %d", e.entityID, e.Sequence, e.Partition, right)
	}
	f := c.fold(e.entityID)
	if e.Sequence <= f.Sequence {
		c.found(Doubled, "%s: event %d %+v after event %d, by %s", e.entityID, e.Sequence, e.event, f.Sequence, e.Causation)
		return
	}
	if e.Sequence > f.Sequence+1 {
		c.found(Gap, "%s: event %d after event %d", e.entityID, e.Sequence, f.Sequence)
		f.Sequence, f.broken = e.Sequence-1, true
	}
	if o == nil || o.entity() != e.entityID {
		f.broken = true
		c.found(Uncaused, "%s: event %d %+v says that %q caused it, which was not asked of it", e.entityID, e.Sequence, e.event, e.Causation)
	} else {
		c.expect(f, o, e)
	}
	f.state = f.evolve(e.event)
	c.project(e)
	c.hear(f)
}

// expect holds an event against what its command must cause.
func (c *eventCheck) expect(f *fold, o *operation, e logged) {
	c.seen[o.Number]++
	if f.broken {
		return
	}
	if f.cause != o {
		c.torn(e.entityID, f)
		f.cause = o
		want, due := f.decide(&o.command)
		f.due = due
		if o.Answer != nil && *o.Answer != want {
			f.broken = true
			c.found(AnswerDisagrees, "%s: at event %d the answer must be %s: %s", e.entityID, f.Sequence, &want, o)
			return
		}
	}
	if len(f.due) == 0 {
		f.broken = true
		c.found(Doubled, "%s: event %d %+v is one more than its command causes: %s", e.entityID, e.Sequence, e.event, o)
		return
	}
	if f.due[0] != e.event {
		f.broken = true
		c.found(AnswerDisagrees, "%s: event %d is %+v, its command causes %+v: %s", e.entityID, e.Sequence, e.event, f.due[0], o)
	}
	f.due = f.due[1:]
}

// torn complains of a command of which only some events were there before those of another.
func (c *eventCheck) torn(id entityID, f *fold) {
	if len(f.due) > 0 && !f.broken {
		c.found(Lost, "%s: after event %d, %d more of one command are missing: %s", id, f.Sequence, len(f.due), f.cause)
	}
}

// hear holds the answers that tell of the entity as it stands now against it.
func (c *eventCheck) hear(f *fold) {
	for _, o := range f.quiet[f.Sequence] {
		if want, _ := f.decide(&o.command); want != *o.Answer && !f.broken {
			c.found(AnswerDisagrees, "%s: at event %d the answer must be %s: %s", o.entity(), f.Sequence, &want, o)
		}
	}
	delete(f.quiet, f.Sequence)
}

func (c *eventCheck) project(e logged) {
	if e.Type != "Added" {
		return
	}
	total := rowID{totals, e.Group}
	r := c.rows[total]
	r.Events, r.Sum = r.Events+1, r.Sum+e.By
	c.rows[total] = r
	last := rowID{latest, e.ID}
	r = c.rows[last]
	r.Events, r.Value, r.Sequence = r.Events+1, r.Value+e.By, e.Sequence
	c.rows[last] = r
}

// end tells what is missing once all events were taken.
func (c *eventCheck) end() {
	for id, f := range c.folds {
		c.torn(id, f)
		for sequence, heard := range f.quiet {
			for _, o := range heard {
				c.found(AnswerDisagrees, "%s: an answer tells of sequence %d, the events end at %d: %s", id, sequence, f.Sequence, o)
			}
		}
	}
	for _, o := range c.book.operations {
		if o.Answer == nil || c.folds[o.entity()].broken && o.Answer.Status != entities.Accepted {
			continue
		}
		if seen := c.seen[o.Number]; seen < o.Answer.Events {
			c.found(Lost, "%s: %d of its %d events are there: %s", o.entity(), seen, o.Answer.Events, o)
		} else if seen > o.Answer.Events {
			c.found(Doubled, "%s: %d events instead of %d: %s", o.entity(), seen, o.Answer.Events, o)
		}
	}
}

// entities are those of the run, in a fixed order.
func (c *eventCheck) entities() []entityID {
	ids := make([]entityID, 0, len(c.folds))
	for id := range c.folds {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, entityID.compare)
	return ids
}

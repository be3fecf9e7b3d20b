package history

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/statestore"
)

// Options say what is folded, and with what.
type Options struct {
	// Entity is the entity type.
	Entity   string
	Behavior behaviors.Entity
	// Prepare is called for each event before Behavior evolves by it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// Store is empty, and nobody else's.
	Store *statestore.Store
	// MostBytes is about what decoded states may take in memory.
	MostBytes int
}

// A Fold is what the events of one shard's entities lead to: in memory as far as it fits, the rest in its store. It belongs to one goroutine.
type Fold struct {
	Options
	recent map[string]*evolving
	// bytes is about what recent takes.
	bytes int
	// events is how many were folded.
	events int64
}

// New is a fold of no events.
func New(o Options) *Fold { return &Fold{Options: o, recent: map[string]*evolving{}} }

const (
	// decodedFactor is about how much larger a decoded state is than its bytes.
	decodedFactor    = 6
	evolvingOverhead = 300
	// flushBytes is about what one batch to the store takes.
	flushBytes = 1 << 20
)

// A Limit tells the sequence up to which an entity's events are to be folded.
type Limit func(id []byte) (int64, error)

// Events is how many were folded.
func (h *Fold) Events() int64 { return h.events }

// Take evolves an entity by one event, unless that goes beyond upTo, which may be nil. An event that was taken before, in a reading that is repeated,
// is passed over. What is wrong with an event is a failure of its entity, and no error.
func (h *Fold) Take(ctx context.Context, r *kgo.Record, upTo Limit) error {
	in, err := h.find(r.Key)
	if err != nil || r.Offset < in.next || in.failure != "" {
		return err
	}
	e, problem := understand(h.Entity, r)
	if problem == "" && upTo != nil {
		if most, err := upTo(r.Key); err != nil || e.Sequence > most {
			return err
		}
	}
	if problem == "" && e.Sequence != in.sequence+1 {
		problem = fmt.Sprintf("event %d follows event %d", e.Sequence, in.sequence)
	}
	if problem == "" {
		if problem, err = h.evolve(ctx, in, &e); err != nil {
			return err
		}
	}
	h.events++
	in.next, in.changed = r.Offset+1, true
	if problem == "" {
		in.sequence, in.timeMS = e.Sequence, e.timeMS
	} else {
		in.failure, in.state = fmt.Sprintf("%s/%d/%d: %s", r.Topic, r.Partition, r.Offset, problem), nil
	}
	h.bytes += decodedFactor * len(r.Value)
	if h.bytes < h.MostBytes {
		return nil
	}
	return h.Flush()
}

// evolve returns what is wrong with the event, or an error that is not its fault.
func (h *Fold) evolve(ctx context.Context, in *evolving, e *event) (problem string, err error) {
	if e.deletes {
		in.state, in.initial = h.Behavior.InitialState(), true
		return "", nil
	}
	failure, err := h.Prepare.Await(ctx, e.Payload)
	if err != nil {
		return "", err
	}
	if failure == nil {
		in.state, failure = h.Behavior.Evolve(ctx, in.state, &e.Event)
	}
	if failure == nil {
		in.initial = false
		return "", nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "event " + strconv.FormatInt(e.Sequence, 10) + ": " + failure.Error(), nil
}

func (h *Fold) find(id []byte) (*evolving, error) {
	if in, ok := h.recent[string(id)]; ok {
		return in, nil
	}
	value, err := h.Store.Get(id)
	if err != nil {
		return nil, err
	}
	in := &evolving{state: h.Behavior.InitialState(), initial: true}
	if value != nil {
		kept, err := parseEntity(value)
		if err != nil {
			return nil, err
		}
		if in, err = kept.evolving(h.Behavior); err != nil {
			return nil, err
		}
	}
	h.recent[string(id)] = in
	h.bytes += evolvingOverhead + len(id) + decodedFactor*len(value)
	return in, nil
}

// Flush writes what has changed to the store and forgets all.
func (h *Fold) Flush() error {
	var changes []statestore.Change
	bytes := 0
	for id, in := range h.recent {
		if !in.changed {
			continue
		}
		value := in.append(nil, h.Behavior)
		changes = append(changes, statestore.Change{Key: []byte(id), Value: value})
		if bytes += len(id) + len(value); bytes > flushBytes {
			if err := h.Store.Apply(changes, statestore.Checkpoint{}); err != nil {
				return err
			}
			changes, bytes = changes[:0], 0
		}
	}
	clear(h.recent)
	h.bytes = 0
	if len(changes) == 0 {
		return nil
	}
	return h.Store.Apply(changes, statestore.Checkpoint{})
}

// Get is what the events of an entity lead to; nil if there are none. All must be flushed.
func (h *Fold) Get(id []byte) (*Entity, error) {
	value, err := h.Store.Get(id)
	if err != nil || value == nil {
		return nil, err
	}
	e, err := parseEntity(value)
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// Each calls fn for all entities that have events, in the order of their ids, until it returns an error or ctx ends. All must be flushed. The id is
// good until fn returns.
func (h *Fold) Each(ctx context.Context, fn func(id []byte, e *Entity) error) error {
	return h.From(nil, func(id []byte, e *Entity) (bool, error) {
		err := fn(id, e)
		if err == nil {
			err = ctx.Err()
		}
		return err == nil, err
	})
}

// From calls fn for the entities from an id on, nil for the first, until it returns false or an error. Otherwise it is as Each.
func (h *Fold) From(id []byte, fn func(id []byte, e *Entity) (bool, error)) error {
	_, err := h.Store.ScanFrom(id, func(id, value []byte) (bool, error) {
		e, err := parseEntity(value)
		if err != nil {
			return false, err
		}
		return fn(id, &e)
	})
	return err
}

package verifying

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// A history is what the events of one shard lead to: in memory as far as it fits, the rest in a store.
type history struct {
	entity   string
	behavior behaviors.Entity
	prepare  behaviors.Prepare
	store    *statestore.Store
	recent   map[string]*folded
	// bytes is about what recent takes, mostBytes the bound.
	bytes, mostBytes int
	// events is how many were folded.
	events int64
}

const (
	// decodedFactor is about how much larger a decoded state is than its bytes.
	decodedFactor  = 6
	foldedOverhead = 300
	// flushBytes is about what one batch to the store takes.
	flushBytes = 1 << 20
)

// A limit tells the sequence up to which an entity's events are to be folded.
type limit func(id []byte) (int64, error)

// fold evolves an entity by one event. An event that was folded before, in a reading that is repeated, is passed over.
func (h *history) fold(ctx context.Context, r *kgo.Record, upTo limit) error {
	f, err := h.find(r.Key)
	if err != nil || r.Offset < f.next || f.failure != "" {
		return err
	}
	e, deletes, problem := h.eventOf(r)
	if problem == "" && upTo != nil {
		if most, err := upTo(r.Key); err != nil || e.Sequence > most {
			return err
		}
	}
	if problem == "" && e.Sequence != f.sequence+1 {
		problem = fmt.Sprintf("event %d follows event %d", e.Sequence, f.sequence)
	}
	if problem == "" {
		problem, err = h.evolve(ctx, f, e, deletes)
		if err != nil {
			return err
		}
	}
	h.events++
	f.next, f.changed = r.Offset+1, true
	if problem == "" {
		f.sequence++
	} else {
		f.failure, f.state = fmt.Sprintf("%s/%d/%d: %s", r.Topic, r.Partition, r.Offset, problem), nil
	}
	h.bytes += decodedFactor * len(r.Value)
	if h.bytes < h.mostBytes {
		return nil
	}
	return h.flush()
}

// evolve returns what is wrong with the event, or an error that is not its fault.
func (h *history) evolve(ctx context.Context, f *folded, e *behaviors.Event, deletes bool) (problem string, err error) {
	if deletes {
		f.state, f.initial = h.behavior.InitialState(), true
		return "", nil
	}
	failure, err := h.prepare.Await(ctx, e.Payload)
	if err != nil {
		return "", err
	}
	if failure == nil {
		f.state, failure = h.behavior.Evolve(ctx, f.state, e)
	}
	if failure == nil {
		f.initial = false
		return "", nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "event " + strconv.FormatInt(e.Sequence, 10) + ": " + failure.Error(), nil
}

// eventOf reads the headers of an event, or says why it is none.
func (h *history) eventOf(r *kgo.Record) (e *behaviors.Event, deletes bool, problem string) {
	e = &behaviors.Event{Entity: h.entity, EntityID: string(r.Key), Payload: entities.Payload{Data: r.Value}, NowMS: r.Timestamp.UnixMilli()}
	for _, header := range r.Headers {
		value := string(header.Value)
		switch header.Key {
		case records.Type:
			e.Type = value
		case records.ContentType:
			e.Payload.ContentType = value
		case records.Sequence:
			e.Sequence, _ = strconv.ParseInt(value, 10, 64) // What is no number is no sequence either.
		case records.Deletes:
			deletes = value == "true"
		}
	}
	if e.Sequence < 1 || e.Type == "" {
		return e, deletes, "the record is no event: it needs the headers " + records.Type + " and " + records.Sequence
	}
	return e, deletes, ""
}

func (h *history) find(id []byte) (*folded, error) {
	if f, ok := h.recent[string(id)]; ok {
		return f, nil
	}
	value, err := h.store.Get(id)
	if err != nil {
		return nil, err
	}
	f := &folded{state: h.behavior.InitialState(), initial: true}
	if value != nil {
		stored, err := parseFolded(value)
		if err != nil {
			return nil, err
		}
		if f, err = stored.inMemory(h.behavior); err != nil {
			return nil, err
		}
	}
	h.recent[string(id)] = f
	h.bytes += foldedOverhead + len(id) + decodedFactor*len(value)
	return f, nil
}

// flush writes what has changed to the store and forgets all.
func (h *history) flush() error {
	var changes []statestore.Change
	bytes := 0
	for id, f := range h.recent {
		if !f.changed {
			continue
		}
		value := f.append(nil, h.behavior)
		changes = append(changes, statestore.Change{Key: []byte(id), Value: value})
		if bytes += len(id) + len(value); bytes > flushBytes {
			if err := h.store.Apply(changes, statestore.Checkpoint{}); err != nil {
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
	return h.store.Apply(changes, statestore.Checkpoint{})
}

// get is what the events of an entity lead to; false if there are none. All must be flushed.
func (h *history) get(id []byte) (foldedEntity, bool, error) {
	value, err := h.store.Get(id)
	if err != nil || value == nil {
		return foldedEntity{}, false, err
	}
	f, err := parseFolded(value)
	return f, err == nil, err
}

package typed

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// An entityBehavior runs an Entity for the context it is bound to. States are pointers to S, changed in place.
type entityBehavior[S any] struct {
	name string
	// initial is nil for the defaults.
	initial func() (*S, *entities.Failure)
	state   *message
	// refers tells that a state holds maps, slices or pointers, which a copy of it shares.
	refers bool
	inbox  inbox[decide[S]]
	events kinds[*outgoing[S]]
	outbox *outbox
	sights sights
	// history reads events that happened.
	history inbox[evolve[S]]
	// stateBytes is about what a state takes.
	stateBytes atomic.Int64
}

// An outgoing is an event that the entity may emit.
type outgoing[S any] struct {
	written
	apply apply[S]
}

var _ behaviors.Entity = (*entityBehavior[struct{}])(nil)

// A noState is the state of an entity whose Initial panicked: it fails the command that it is for.
type noState struct{ failure *entities.Failure }

func (b *entityBehavior[S]) InitialState() entities.State {
	state, failure := b.begin()
	if failure != nil {
		return noState{failure}
	}
	return state
}

// begin makes the state of an entity without events.
func (b *entityBehavior[S]) begin() (*S, *entities.Failure) {
	if b.initial != nil {
		return b.initial()
	}
	state := new(S)
	if err := b.state.setDefaults(state); err != nil {
		return nil, asFailure(fmt.Errorf("entity %s: the initial state: %w", b.name, err))
	}
	return state, nil
}

func (b *entityBehavior[S]) DecodeState(fingerprint uint64, data []byte) (entities.State, error) {
	state := new(S)
	if err := b.state.decodeStored(fingerprint, data, state); err != nil {
		return nil, fmt.Errorf("state of entity %s: %w", b.name, err)
	}
	return state, nil
}

func (b *entityBehavior[S]) StateJSON(state entities.State) ([]byte, error) {
	if none, ok := state.(noState); ok {
		return nil, none.failure
	}
	return b.state.json(state)
}

func (b *entityBehavior[S]) Decide(ctx context.Context, turns []behaviors.Turn) {
	for i := range turns {
		b.decide(ctx, &turns[i])
	}
}

func (b *entityBehavior[S]) decide(ctx context.Context, t *behaviors.Turn) {
	defer func() {
		if cause := recover(); cause != nil {
			t.Decision, t.Failure, t.StateIsKept = entities.Decision{}, recovered(cause), false
		}
	}()
	if none, ok := t.State.(noState); ok {
		t.Failure = none.failure
		return
	}
	state, ok := t.State.(*S)
	if !ok {
		t.Failure = &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("a state of entity %s is not a %T", b.name, t.State)}
		return
	}
	c := t.Command
	command, data, failure := b.inbox.open(ctx, c.Type, c.Payload)
	t.StateIsKept = true
	if t.Failure = failure; failure != nil {
		return
	}
	// A function may have changed what its copy of the state refers to: such a state is read again.
	t.StateIsKept = !b.refers
	effects, err := command.do(data, command.message, state, Context{
		EntityID: c.EntityID, Sequence: c.Sequence, NowMS: c.NowMS, CommandID: c.ID, Headers: c.Headers, looks: b.sights.deciding(t.Replicated),
	})
	if err == nil {
		if err = effects.check(); err != nil {
			err = fmt.Errorf("entity %s: deciding %s %w", b.name, command.Name, err)
		}
	}
	if err == nil {
		t.StateIsKept = t.StateIsKept && effects.first == nil
		t.Decision, err = b.carryOut(&effects, state, c.NowMS)
	}
	if err != nil {
		t.Decision, t.Failure = entities.Decision{}, asFailure(err)
	}
}

// carryOut writes down what is sent, what is changed for all and the events, and changes the state by these.
func (b *entityBehavior[S]) carryOut(effects *Effects, state *S, nowMS int64) (entities.Decision, error) {
	d := entities.Decision{Rejection: effects.rejection}
	if effects.replies > 0 {
		var err error
		if d.Reply, err = json.Marshal(effects.reply); err != nil {
			return d, fmt.Errorf("entity %s: reply: %w", b.name, err)
		}
	}
	if len(effects.sent) > 0 {
		var err error
		if d.Messages, err = b.outbox.write(effects.sent); err != nil {
			return d, err
		}
	}
	if len(effects.changes) > 0 {
		var err error
		if d.Changes, err = b.sights.values.changes(effects.changes, nowMS); err != nil {
			return d, fmt.Errorf("entity %s: %w", b.name, err)
		}
	}
	if effects.first == nil {
		return d, nil
	}
	d.Events = make([]entities.Event, 0, effects.count())
	for pointer := range effects.events {
		e := b.events[reflect.TypeOf(pointer)]
		if e == nil {
			kind := pointedTo(pointer)
			return d, fmt.Errorf("entity %s emits %s and cannot apply it: give NewEntity an Apply(func(*%s, %s))", b.name, kind, b.state.Name, kind.Name())
		}
		payload, err := e.payload(pointer)
		if err != nil {
			return d, fmt.Errorf("entity %s: the event: %w", b.name, err)
		}
		d.Events = append(d.Events, entities.Event{Type: e.Name, Payload: payload})
		e.apply(state, pointer)
	}
	if effects.deletes {
		d.Events[len(d.Events)-1].Deletes = true
		first, failure := b.begin()
		if failure != nil {
			return d, failure
		}
		*state = *first
	}
	return d, b.store(&d, state)
}

func (b *entityBehavior[S]) store(d *entities.Decision, state *S) error {
	size := int(b.stateBytes.Load())
	data, err := b.state.write(make([]byte, 0, size+size/4), state)
	if err != nil {
		return fmt.Errorf("entity %s: the state: %w", b.name, err)
	}
	b.stateBytes.Store(int64(len(data)))
	d.State, d.StateData, d.StateFingerprint = state, data, b.state.Fingerprint
	return nil
}

package typed

import (
	"context"
	"fmt"
	"sync"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

// A value is a replicated value, or what stands in it under some keys. [Counter], [Set] and the others are one.
type value struct {
	name string
	// written is the type of the whole value, as [crdt.ParseType] reads it.
	written string
	keys    []string
}

// Name is the value's name.
func (v value) Name() string { return v.name }

func (v value) below(key string) value {
	v.keys = append(v.keys[:len(v.keys):len(v.keys)], key)
	return v
}

func (v value) records() []record { return nil }

func (v value) check() []error {
	what := kindReplicated + " " + v.name
	problems := []error{checkName(kindReplicated, v.name)}
	if _, err := crdt.ParseType(v.written); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", what, err))
	}
	if len(v.keys) > 0 {
		problems = append(problems, fmt.Errorf("%s: what stands under a key of it is no part: give the map itself", what))
	}
	return problems
}

func (v value) outline() outline { return outline{kind: kindReplicated, name: v.name} }

func (v value) bind(_ context.Context, b *binder, _ *Model) error {
	t, err := crdt.ParseType(v.written)
	if err != nil {
		return err
	}
	b.sights.values.types[v.name] = t
	return nil
}

// A change is a change of a replicated value, made when the time of its command is known.
type change struct {
	of        value
	operation func(nowMS int64) (crdt.Operation, error)
}

func (v value) change(operation func(nowMS int64) (crdt.Operation, error)) Effects {
	return Effects{changes: []change{{v, operation}}}
}

func (v value) changeAtOnce(o crdt.Operation) Effects {
	return v.change(func(int64) (crdt.Operation, error) { return o, nil })
}

// view is what the function that ctx was given to knows of the value.
func (v value) view(ctx Looker) crdt.View { return ctx.look().at(v).At(v.keys...) }

// boundValues are the replicated values of a context.
type boundValues struct {
	types map[string]crdt.Type

	// mu guards heard: nil until it is connected.
	mu    sync.Mutex
	heard behaviors.Views
}

// views are what has been heard of.
func (b *boundValues) views() behaviors.Views {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.heard
}

func (b *boundValues) typeOf(v value) (crdt.Type, error) {
	t, ok := b.types[v.name]
	switch {
	case !ok:
		return t, fmt.Errorf("replicated value %s is no part of this context: give it to Parts", v.name)
	case t.String() != v.written:
		return t, fmt.Errorf("replicated value %s is a %s in this context, not a %s", v.name, t, v.written)
	}
	return t, nil
}

// changes are made of what a command asks for.
func (b *boundValues) changes(asked []change, nowMS int64) ([]entities.Change, error) {
	var all []entities.Change
	for _, c := range asked {
		t, err := b.typeOf(c.of)
		if err != nil {
			return nil, err
		}
		o, err := c.operation(nowMS)
		if o = o.At(c.of.keys...); err == nil {
			err = o.Check(t)
		}
		if err != nil {
			return nil, fmt.Errorf("replicated value %s: %w", c.of.name, err)
		}
		all = append(all, entities.Change{Value: c.of.name, Operation: o})
	}
	return all, nil
}

// BoundReplicated are the replicated values of a context, to be connected with what is heard of them.
type BoundReplicated struct {
	// Types are by the names of the values; there may be none.
	Types map[string]crdt.Type

	bound *boundValues
}

// Connect has functions of projections, streams and subscriptions see these views. Until then nothing is known. Those of entities see the views of
// their turn.
func (r BoundReplicated) Connect(heard behaviors.Views) {
	r.bound.mu.Lock()
	defer r.bound.mu.Unlock()
	r.bound.heard = heard
}

// Changes are the changes that effects ask for at a time: what tests compare with.
func (r BoundReplicated) Changes(effects Effects, nowMS int64) ([]entities.Change, error) {
	return r.bound.changes(effects.changes, nowMS)
}

package replicated

import (
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/partitions"
)

// MaxContributionBytes bounds what one task holds of one value.
const MaxContributionBytes = 256 << 10

// Own are the contributions of one task. One goroutine at a time works on them. A nil Own has none, for a context without replicated data.
type Own struct {
	values    *Values
	component string
	shard     int32
	held      map[string]*contribution
}

// A contribution is one as of the window being decided.
type contribution struct {
	crdt.Contribution
	// unreadable is why what the store has is not known; nothing is written over it.
	unreadable error
	// cause is the last record that changed it since it was produced; nil if none has.
	cause *partitions.Record
}

// NewOwn has the contributions of a component's task on a shard.
func NewOwn(values *Values, component string, shard int32) *Own {
	if values == nil {
		return nil
	}
	return &Own{values: values, component: component, shard: shard}
}

// Load reads the contributions from the window, if they are not known.
func (o *Own) Load(w partitions.Window) error {
	if o == nil || o.held != nil {
		return nil
	}
	held := make(map[string]*contribution, len(o.values.types))
	for name, t := range o.values.types {
		data, err := w.Get(entities.ContributionKey(name))
		if err != nil {
			return err
		}
		held[name] = o.read(t, data)
	}
	o.held = held
	return nil
}

func (o *Own) read(t crdt.Type, data []byte) *contribution {
	replica := number(o.component, o.shard)
	if data == nil {
		return &contribution{Contribution: crdt.New(t, replica)}
	}
	c, err := crdt.Parse(data)
	switch {
	case err == nil && c.Type() != t:
		err = fmt.Errorf("it is a %s and declared as a %s: a value keeps its type, give the new one another name", c.Type(), t)
	case err == nil && c.Shard() != replica:
		err = fmt.Errorf("it is of replica %d, not %d", c.Shard(), replica)
	}
	return &contribution{Contribution: c, unreadable: err}
}

// Forget drops what was decided and will not be committed.
func (o *Own) Forget() {
	if o != nil {
		o.held = nil
	}
}

// View is a value for the eyes of this task: what is committed everywhere, as far as is known, and what the task itself has changed.
func (o *Own) View(name string) crdt.View {
	if o == nil {
		return crdt.View{}
	}
	view := o.values.View(name)
	if c := o.held[name]; c != nil && c.unreadable == nil {
		view, _ = view.With(c.Contribution) // It is of the type that is declared.
	}
	return view
}

// Staged is what a decision changes, to be kept when its command is accepted.
type Staged map[string]crdt.Contribution

// Stage applies changes without keeping them. The failure says why one cannot be.
func (o *Own) Stage(changes []entities.Change) (Staged, *entities.Failure) {
	if len(changes) == 0 {
		return nil, nil
	}
	staged := Staged{}
	for _, change := range changes {
		c, err := o.changed(staged, change)
		if err == nil {
			err = c.Within(MaxContributionBytes)
		}
		if err != nil {
			return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("replicated value %s: %v", change.Value, err)}
		}
		staged[change.Value] = c
	}
	return staged, nil
}

func (o *Own) changed(staged Staged, change entities.Change) (crdt.Contribution, error) {
	if o == nil || o.held[change.Value] == nil {
		return crdt.Contribution{}, fmt.Errorf("it is not declared: add it to replicated in context.yaml")
	}
	held := o.held[change.Value]
	if held.unreadable != nil {
		return crdt.Contribution{}, fmt.Errorf("this task's own part cannot be read: %w", held.unreadable)
	}
	c, ok := staged[change.Value]
	if !ok {
		c = held.Contribution
	}
	view, err := o.values.View(change.Value).With(c)
	if err != nil {
		return c, err
	}
	return c.Apply(change.Operation, view)
}

// Keep writes what was staged to the store, for the record that caused it.
func (o *Own) Keep(w partitions.Window, cause *partitions.Record, staged Staged) {
	for _, name := range slices.Sorted(maps.Keys(staged)) {
		held, next := o.held[name], staged[name]
		if next.Version() == held.Version() {
			continue
		}
		held.Contribution, held.cause = next, cause
		w.Put(cause, entities.ContributionKey(name), next.Append(nil), nil)
	}
}

// Publish produces what was changed since the last time: one record for each value, however many commands changed it.
func (o *Own) Publish(w partitions.Window) {
	if o == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.held)) {
		held := o.held[name]
		if held.cause == nil {
			continue
		}
		w.Produce(held.cause, partitions.OutputReplicated, &kgo.Record{
			Topic: o.values.topic, Partition: o.shard, Key: key(name, o.component, o.shard), Value: held.Append(nil),
		})
		held.cause = nil
	}
}

package replicated

import (
	"fmt"
	"slices"

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
	// staged is room for what is staged.
	staged Staged
}

// A contribution is one as of the window being decided.
type contribution struct {
	crdt.Contribution
	// stored is its key in the store, and public where all instances read it.
	stored []byte
	public partitions.Copy
	// unreadable is why what the store has is not known; nothing is written over it.
	unreadable error
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
		c := &contribution{
			stored: entities.ContributionKey(name), public: partitions.Copy{Topic: o.values.topic, Key: key(name, o.component, o.shard)},
		}
		data, err := w.Get(c.stored)
		if err != nil {
			return err
		}
		c.Contribution, c.unreadable = o.read(t, data)
		held[name] = c
	}
	o.held = held
	return nil
}

func (o *Own) read(t crdt.Type, data []byte) (crdt.Contribution, error) {
	replica := number(o.component, o.shard)
	if data == nil {
		return crdt.New(t, replica), nil
	}
	c, err := crdt.Parse(data)
	switch {
	case err == nil && c.Type() != t:
		err = fmt.Errorf("it is a %s and declared as a %s: a value keeps its type, give the new one another name", c.Type(), t)
	case err == nil && c.Shard() != replica:
		err = fmt.Errorf("it is of replica %d, not %d", c.Shard(), replica)
	}
	return c, err
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
type Staged []staged

// A staged change is a contribution as it will be.
type staged struct {
	of   *contribution
	next crdt.Contribution
}

// Stage applies changes without keeping them. What it returns is good until the next call. The failure says why a change cannot be.
func (o *Own) Stage(changes []entities.Change) (Staged, *entities.Failure) {
	if len(changes) == 0 {
		return nil, nil
	}
	if o == nil {
		o = &Own{}
	}
	all := o.staged[:0]
	for _, change := range changes {
		var err error
		if all, err = o.stage(all, change); err != nil {
			return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("replicated value %s: %v", change.Value, err)}
		}
	}
	o.staged = all
	return all, nil
}

// stage adds one change to those before it.
func (o *Own) stage(all Staged, change entities.Change) (Staged, error) {
	held := o.held[change.Value]
	switch {
	case held == nil:
		return nil, fmt.Errorf("it is not declared: add it to replicated in context.yaml")
	case held.unreadable != nil:
		return nil, fmt.Errorf("this task's own part cannot be read: %w", held.unreadable)
	}
	i := slices.IndexFunc(all, func(s staged) bool { return s.of == held })
	if i < 0 {
		i, all = len(all), append(all, staged{of: held, next: held.Contribution})
	}
	next, err := all[i].next.Apply(change.Operation, o.values.View(change.Value))
	if err == nil {
		err = next.Within(MaxContributionBytes)
	}
	all[i].next = next
	return all, err
}

// Keep writes what was staged, for the record that caused it: to the store, and to where all instances read it.
func (o *Own) Keep(w partitions.Window, cause *partitions.Record, all Staged) {
	for _, s := range all {
		if s.next.Version() == s.of.Version() {
			continue
		}
		s.of.Contribution = s.next
		w.PutCopied(cause, s.of.stored, s.next.Append(make([]byte, 0, s.next.Size())), &s.of.public)
	}
}

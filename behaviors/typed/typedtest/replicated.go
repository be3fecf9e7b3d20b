package typedtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

// GivenReplicated has another task have changed replicated values: changes such as visitors.Increment(3). Each call is of another task, and none of these
// had heard of the others.
func (e *EntityTest[S]) GivenReplicated(changes ...typed.Effects) *EntityTest[S] {
	e.t.Helper()
	e.codec.hear(changes)
	return e
}

// GivenReplicated has a task have changed replicated values that the projection reads, as of [EntityTest.GivenReplicated].
func (p *ProjectionTest[R]) GivenReplicated(changes ...typed.Effects) *ProjectionTest[R] {
	p.t.Helper()
	p.codec.hear(changes)
	return p
}

// GivenReplicated has a task have changed replicated values that the stream reads, as of [EntityTest.GivenReplicated].
func (s *StreamTest) GivenReplicated(changes ...typed.Effects) *StreamTest {
	s.t.Helper()
	s.codec.hear(changes)
	return s
}

// GivenReplicated has a task have changed replicated values that the subscription reads, as of [EntityTest.GivenReplicated].
func (s *SubscriptionTest) GivenReplicated(changes ...typed.Effects) *SubscriptionTest {
	s.t.Helper()
	s.codec.hear(changes)
	return s
}

// ThenReplicated requires that the last command was accepted, and has made of the replicated values what these changes would have; nothing if none is
// named.
func (e *EntityTest[S]) ThenReplicated(changes ...typed.Effects) *EntityTest[S] {
	e.t.Helper()
	e.requireAccepted()
	want := e.codec.values.before()
	want.change(e.t, e.codec.changesOf(changes))
	require.Equal(e.t, want.show(), e.codec.values.show(), "the replicated values")
	return e
}

// ownReplica is the task of the entity under test.
const ownReplica = 0

// values are the replicated values of a test.
type values struct {
	types map[string]crdt.Type
	// known is of all tasks, own what the entity's task has contributed.
	known map[string]crdt.View
	own   map[string]crdt.Contribution
	// others are how many other tasks there are.
	others int32
	// last is the values before the last command.
	last *values
}

func newValues(types map[string]crdt.Type) *values {
	return &values{types: types, known: map[string]crdt.View{}, own: map[string]crdt.Contribution{}}
}

// view is what is known of a value.
func (v *values) view(name string) crdt.View {
	view, ok := v.known[name]
	if !ok {
		view, _ = crdt.Fold(v.types[name]) // Of nothing, it cannot fail.
	}
	return view
}

// begin is where a command begins.
func (v *values) begin() {
	v.last = &values{types: v.types, known: maps.Clone(v.known), own: maps.Clone(v.own)}
}

// before is the values as they were when the last command began.
func (v *values) before() *values {
	if v.last == nil {
		v.begin()
	}
	return &values{types: v.types, known: maps.Clone(v.last.known), own: maps.Clone(v.last.own)}
}

// change has the entity's task make changes, one after the other.
func (v *values) change(tb testing.TB, changes []entities.Change) {
	tb.Helper()
	for _, c := range changes {
		own, ok := v.own[c.Value]
		if !ok {
			own = crdt.New(v.types[c.Value], ownReplica)
		}
		v.own[c.Value] = v.apply(tb, own, v.view(c.Value), c)
	}
}

// apply has a task change its contribution with what it sees, and makes the change known.
func (v *values) apply(tb testing.TB, own crdt.Contribution, sees crdt.View, c entities.Change) crdt.Contribution {
	tb.Helper()
	own, err := own.Apply(c.Operation, sees)
	require.NoError(tb, err, "replicated value %s", c.Value)
	v.known[c.Value], err = v.view(c.Value).With(own)
	require.NoError(tb, err, "replicated value %s", c.Value)
	return own
}

// hear has one more task make changes.
func (m *messages) hear(changes []typed.Effects) {
	m.t.Helper()
	v := m.values
	v.others++
	theirs := map[string]crdt.Contribution{}
	for _, c := range m.changesOf(changes) {
		own, ok := theirs[c.Value]
		if !ok {
			own = crdt.New(v.types[c.Value], ownReplica+v.others)
		}
		alone, err := crdt.Fold(v.types[c.Value], own)
		require.NoError(m.t, err)
		theirs[c.Value] = v.apply(m.t, own, alone, c)
	}
	m.model.Replicated.Connect(v.view)
}

func (m *messages) changesOf(effects []typed.Effects) []entities.Change {
	m.t.Helper()
	changes, err := m.model.Replicated.Changes(together(effects), 0)
	require.NoError(m.t, err)
	return changes
}

// show has a line for each value.
func (v *values) show() string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(v.types)) {
		all.WriteString(name + " " + string(v.view(name).AppendValue(nil)) + "\n")
	}
	return all.String()
}

package crdt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

func parsed(tb testing.TB, kind string) crdt.Type {
	tb.Helper()
	typ, err := crdt.ParseType(kind)
	require.NoError(tb, err)
	return typ
}

func TestOperationsThatDoNotFitAreRefusedWithTheMend(t *testing.T) {
	for _, c := range []struct {
		kind string
		op   crdt.Operation
		want string
	}{
		{"set", crdt.Increment(1), "increment: a set takes add, remove, clear"},
		{"counter", crdt.Add(crdt.Int(1)), "add: a counter takes increment"},
		{"grow-counter", crdt.Increment(-1), "increment: a grow-counter only grows; declare a counter to count down"},
		{"grow-set", crdt.Remove(crdt.Int(1)), "remove: a grow-set takes add"},
		{"register", crdt.Enable(), "enable: a register takes assign"},
		{"multi-register", crdt.Disable(), "disable: a multi-register takes assign"},
		{"vote", crdt.Clear(), "clear: a vote takes cast"},
		{"flag", crdt.Cast("a", true, 1), "cast: a flag takes enable, disable"},
		{"map of counter", crdt.Increment(1), "increment: a map of counter takes delete, clear; name a key to reach the counter under it"},
		{"map of counter", crdt.Increment(1).At("a", "b"), `increment at "a", "b": a counter has no keys: give no more than 1`},
		{"map of map of set", crdt.Add(crdt.Int(1)).At("a"), `add at "a": a map of set takes delete, clear; name a key to reach the set under it`},
		{"map of counter", crdt.Delete("a").At("a"), `delete at "a": a counter takes increment`},
		{"map of counter", crdt.Increment(1).At("\xff"), "increment at : its key or voter is not UTF-8, or longer than a value may be"},
		{"map of counter", crdt.Delete("\xff"), "delete: its key or voter is not UTF-8"},
		{"vote", crdt.Cast("\xff", true, 1), "cast: its key or voter is not UTF-8"},
		{"register", crdt.Assign(crdt.Scalar{}, 1), "assign: it has no value; make one with ParseScalar, Text, Int or Bool"},
		{"set", crdt.Remove(crdt.Scalar{}), "remove: it has no value"},
		{"set", crdt.Operation{}, "nothing: a set takes add, remove, clear"},
	} {
		require.ErrorContains(t, c.op.Check(parsed(t, c.kind)), c.want)
		own := crdt.New(parsed(t, c.kind), 1)
		view, err := crdt.Fold(own.Type())
		require.NoError(t, err)
		after, err := own.Apply(c.op, view)
		require.ErrorContains(t, err, c.want)
		require.Equal(t, own, after)
	}
	require.NoError(t, crdt.Delete("b").At("a").Check(parsed(t, "map of map of set")))
	require.NoError(t, crdt.Increment(1).At("b").At("a").Check(parsed(t, "map of map of counter")))
}

package crdt_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

func TestRemovalOfWhatIsNotThereChangesNothing(t *testing.T) {
	for kind, operations := range map[string][]crdt.Operation{
		"set":         {crdt.Remove(apple), crdt.Clear()},
		"flag":        {crdt.Disable()},
		"map of set":  {crdt.Delete("a"), crdt.Clear(), crdt.Remove(apple).At("a"), crdt.Clear().At("a")},
		"map of flag": {crdt.Disable().At("a")},
	} {
		s := shardsOf(t, kind, 1)[0]
		s.does(operations...)
		require.Zero(t, s.own.Version())
	}
}

// An element that somebody adds and others remove, for ever, takes no more room than one.
func TestContributionsDoNotGrowUnderAddsAndRemoves(t *testing.T) {
	for kind, rounds := range map[string]func(i int) (add, remove crdt.Operation){
		"set": func(i int) (crdt.Operation, crdt.Operation) {
			return crdt.Add(crdt.Int(int64(i))), crdt.Remove(crdt.Int(int64(i)))
		},
		"flag": func(int) (crdt.Operation, crdt.Operation) { return crdt.Enable(), crdt.Disable() },
		"multi-register": func(i int) (crdt.Operation, crdt.Operation) {
			return crdt.Assign(crdt.Int(int64(i)), 1), crdt.Assign(apple, 1)
		},
		"map of counter": func(i int) (crdt.Operation, crdt.Operation) {
			return crdt.Increment(7).At(fmt.Sprint(i)), crdt.Delete(fmt.Sprint(i))
		},
		"map of map of counter": func(i int) (crdt.Operation, crdt.Operation) {
			return crdt.Increment(7).At("a", fmt.Sprint(i)), crdt.Delete(fmt.Sprint(i)).At("a")
		},
		"map of set": func(i int) (crdt.Operation, crdt.Operation) {
			return crdt.Add(crdt.Int(int64(i))).At("a"), crdt.Remove(crdt.Int(int64(i))).At("a")
		},
	} {
		s := shardsOf(t, kind, 3)
		most := 0
		for i := range 1000 {
			add, remove := rounds(i)
			s[i%3].does(add)
			exchange(s...)
			s[(i+1)%3].does(remove)
			exchange(s...)
			for _, one := range s {
				one.tidies()
				most = max(most, one.own.Size())
			}
		}
		require.Less(t, most, 64, kind)
		require.Less(t, len(crdt.Dump(s[0].view)), 500, kind)
	}
}

func TestContributionOverItsLimitSaysSo(t *testing.T) {
	s := shardsOf(t, "set", 1)[0]
	s.does(crdt.Add(apple), crdt.Add(pear))
	size := len(s.own.Append(nil))
	require.Equal(t, size, s.own.Size())
	require.NoError(t, s.own.Within(size))
	err := s.own.Within(size - 1)
	require.ErrorIs(t, err, crdt.ErrTooLarge)
	require.EqualError(t, err, fmt.Sprintf("too large: this shard's part of the set would take %d bytes, the limit is %d; remove something, or spread it over several values", size, size-1))
}

func TestOtherTypesAreRefused(t *testing.T) {
	set, counter := shardsOf(t, "set", 3), shardsOf(t, "counter", 1)[0]
	want := "the contribution of shard 2 is to a set, where a counter is declared; a value keeps its type, give the new one another name"
	view, err := counter.view.With(set[2].own)
	require.EqualError(t, err, want)
	require.Equal(t, counter.view, view)
	_, err = crdt.Fold(counter.own.Type(), counter.own, set[2].own)
	require.EqualError(t, err, want)
	_, err = counter.view.Merge(set[0].view)
	require.EqualError(t, err, "a view of a set, where a counter is declared")
	_, err = set[0].own.Apply(crdt.Add(apple), counter.view)
	require.EqualError(t, err, "a view of a counter, where a set is declared")
	_, err = set[0].own.Tidy(counter.view)
	require.EqualError(t, err, "a view of a counter, where a set is declared")
}

// The remover's view is behind: it has the owner's contribution from before the addition that was removed, which is without it too.
func TestRemovalIsKeptUntilTheOwnerIsKnownToHaveDroppedIt(t *testing.T) {
	s := shardsOf(t, "set", 3)
	early := s[0].own
	s[0].does(crdt.Add(apple))
	s[1].hears(s[0])
	s[1].does(crdt.Remove(apple))
	behind, err := crdt.Fold(early.Type(), early, s[1].own)
	require.NoError(t, err)
	tidied, err := s[1].own.Tidy(behind)
	require.NoError(t, err)
	require.Equal(t, s[1].own, tidied)
	s[2].hears(s[1], s[0])
	s[2].reads("[]")
	s[0].hears(s[1])
	s[0].tidies()
	s[1].hears(s[0])
	s[1].tidies()
	require.Zero(t, crdt.Removals(s[1].own))
	// Old contributions of the owner come late.
	late := s[2].view
	s[2].hears(s[1], s[0])
	s[2].reads("[]")
	require.Empty(t, late.Values())
}

// Somebody who has missed the removal altogether, and hears of the owner late, shows the element until then.
func TestWhoHasMissedTheRemovalAgreesWhenTheOwnerIsHeard(t *testing.T) {
	s := shardsOf(t, "set", 3)
	s[0].does(crdt.Add(apple))
	s[2].hears(s[0])
	s[1].hears(s[0])
	s[1].does(crdt.Remove(apple))
	s[0].hears(s[1])
	s[0].tidies()
	s[1].hears(s[0])
	s[1].tidies()
	s[2].hears(s[1])
	s[2].reads(`["apple"]`)
	s[2].hears(s[0])
	s[2].reads(`[]`)
}

// A deletion in the same transaction counts as seen, though the view is from before it.
func TestWriteOwesNothingToWhatItsOwnShardHasDeleted(t *testing.T) {
	s := shardsOf(t, "map of register", 2)
	s[0].does(crdt.Assign(apple, 1_000_000).At("a"))
	s[1].hears(s[0])
	view := s[1].view
	own, err := s[1].own.Apply(crdt.Delete("a"), view)
	require.NoError(t, err)
	own, err = own.Apply(crdt.Assign(pear, 50).At("a"), view)
	require.NoError(t, err)
	ms, count := crdt.StampOf(own, "a")
	require.EqualValues(t, 50, ms)
	require.Zero(t, count)
	own, err = own.Apply(crdt.Delete("a"), view)
	require.NoError(t, err)
	again, err := own.Apply(crdt.Delete("a"), view)
	require.NoError(t, err)
	require.Equal(t, own, again)
}

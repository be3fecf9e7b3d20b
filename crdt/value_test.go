package crdt_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

var (
	apple = text("apple")
	pear  = text("pear")
)

func TestCounterIsTheSumOfAllShards(t *testing.T) {
	s := shardsOf(t, "counter", 3)
	s[0].does(crdt.Increment(5))
	s[1].does(crdt.Increment(-7))
	s[2].does(crdt.Increment(1), crdt.Increment(0))
	exchange(s...)
	s[0].reads("-1")
	require.Equal(t, big.NewInt(-1), s[1].view.Count())
}

func TestCountersDoNotOverflowTogether(t *testing.T) {
	s := shardsOf(t, "grow-counter", 3)
	for _, one := range s {
		one.does(crdt.Increment(math.MaxInt64))
	}
	exchange(s...)
	s[0].reads("27670116110564327421")
	after, err := s[0].own.Apply(crdt.Increment(1), s[0].view)
	require.ErrorIs(t, err, crdt.ErrOutOfRange)
	require.EqualError(t, err, "out of range: this shard has counted 9223372036854775807, and 1 more is beyond 64 bits")
	require.Equal(t, s[0].own, after)

	down := shardsOf(t, "counter", 1)[0]
	down.does(crdt.Increment(math.MinInt64))
	_, err = down.own.Apply(crdt.Increment(-1), down.view)
	require.ErrorIs(t, err, crdt.ErrOutOfRange)
}

func TestFlagThatIsEnabledMeanwhileStaysEnabled(t *testing.T) {
	s := shardsOf(t, "flag", 2)
	s[0].reads("false")
	s[0].does(crdt.Enable())
	exchange(s...)
	s[1].does(crdt.Disable())
	s[1].reads("false")
	s[0].does(crdt.Enable())
	exchange(s...)
	s[0].reads("true")
	s[1].does(crdt.Disable())
	exchange(s...)
	s[0].reads("false")
	require.False(t, s[0].view.Enabled())
}

func TestRegisterIsTheLastWrite(t *testing.T) {
	s := shardsOf(t, "register", 3)
	s[0].reads("null")
	s[0].does(crdt.Assign(apple, 100))
	s[1].does(crdt.Assign(pear, 90))
	exchange(s...)
	s[2].reads(`"apple"`)
	// The clock of shard 1 is behind, but it has seen the apple.
	s[1].does(crdt.Assign(crdt.True, 50))
	exchange(s...)
	s[0].reads("true")
	value, ok := s[0].view.Value()
	require.True(t, ok)
	require.Equal(t, crdt.True, value)
}

func TestHigherShardWinsARegisterAtTheSameTime(t *testing.T) {
	s := shardsOf(t, "register", 3)
	for i, one := range s {
		one.does(crdt.Assign(crdt.Int(int64(i)), 100))
	}
	exchange(s...)
	s[0].reads("2")
}

func TestTimesOfRegistersMayBeAnything(t *testing.T) {
	s := shardsOf(t, "register", 1)[0]
	for i, now := range []int64{0, -5, math.MinInt64, math.MaxInt64, 7, math.MaxInt64} {
		s.does(crdt.Assign(crdt.Int(int64(i)), now))
		s.reads(crdt.Int(int64(i)).JSON())
	}
	ms, count := crdt.StampOf(s.own)
	require.EqualValues(t, math.MaxInt64, ms)
	require.EqualValues(t, 2, count)
}

func TestMultiRegisterHasWhatNoLaterWriteHadSeen(t *testing.T) {
	s := shardsOf(t, "multi-register", 3)
	s[0].reads("[]")
	s[0].does(crdt.Assign(pear, 0), crdt.Assign(apple, 0))
	s[1].does(crdt.Assign(pear, 0))
	s[2].does(crdt.Assign(pear, 0))
	exchange(s...)
	s[0].reads(`["apple","pear"]`)
	s[2].does(crdt.Assign(crdt.Null, 0))
	exchange(s...)
	s[1].reads(`[null]`)
	require.Equal(t, []crdt.Scalar{crdt.Null}, s[1].view.Values())
}

func TestElementThatIsAddedMeanwhileIsNotRemoved(t *testing.T) {
	s := shardsOf(t, "set", 3)
	s[0].does(crdt.Add(apple), crdt.Add(pear), crdt.Add(crdt.Int(10)), crdt.Add(crdt.Int(9)))
	exchange(s...)
	s[0].reads(`["apple","pear",10,9]`)
	s[1].does(crdt.Remove(apple), crdt.Remove(pear))
	s[0].does(crdt.Add(apple))
	exchange(s...)
	s[2].reads(`["apple",10,9]`)
	require.True(t, s[2].view.Contains(apple))
	require.False(t, s[2].view.Contains(pear))
	s[2].does(crdt.Clear())
	exchange(s...)
	s[0].reads(`[]`)
}

func TestGrowSetKeepsEverythingOnce(t *testing.T) {
	s := shardsOf(t, "grow-set", 2)
	s[0].does(crdt.Add(pear), crdt.Add(apple))
	version := s[0].own.Version()
	s[0].does(crdt.Add(apple))
	exchange(s...)
	s[1].does(crdt.Add(apple))
	require.Equal(t, version, s[0].own.Version())
	require.Zero(t, s[1].own.Version())
	s[1].reads(`["apple","pear"]`)
	require.True(t, s[1].view.Contains(apple))
}

func TestVoteCountsTheLastWordOfEachVoter(t *testing.T) {
	s := shardsOf(t, "vote", 2)
	s[0].does(crdt.Cast("ann", true, 10), crdt.Cast("bob", true, 10), crdt.Cast("cid", false, 10))
	exchange(s...)
	s[1].does(crdt.Cast("ann", false, 5))
	exchange(s...)
	s[0].reads(`{"yes":1,"of":3}`)
	yes, of := s[1].view.Tally()
	require.Equal(t, []int{1, 3}, []int{yes, of})
}

func TestKeyThatIsChangedMeanwhileKeepsWhatTheDeletionHadNotSeen(t *testing.T) {
	s := shardsOf(t, "map of counter", 3)
	s[0].does(crdt.Increment(100).At("ann"), crdt.Increment(1).At("bob"))
	s[1].does(crdt.Increment(50).At("ann"))
	exchange(s...)
	s[2].does(crdt.Delete("ann"))
	s[0].does(crdt.Increment(1).At("ann"))
	exchange(s...)
	s[1].reads(`{"ann":1,"bob":1}`)
	require.True(t, s[1].view.Has("ann"))
	require.Equal(t, []string{"ann", "bob"}, s[1].view.Keys())
	require.Equal(t, big.NewInt(1), s[1].view.At("ann").Count())
	s[1].does(crdt.Clear())
	s[1].reads(`{}`)
	// A counter under a key that was there before begins at nothing.
	exchange(s...)
	s[1].does(crdt.Increment(2).At("ann"))
	exchange(s...)
	s[0].reads(`{"ann":2}`)
}

func TestMapsInsideEachOtherAreReadByTheirKeys(t *testing.T) {
	s := shardsOf(t, "map of map of set", 2)
	s[0].does(crdt.Add(apple).At("a", "x"), crdt.Add(pear).At("a", "y"))
	s[1].does(crdt.Add(crdt.True).At("a", "x"), crdt.Add(apple).At("b", ""))
	exchange(s...)
	s[0].reads(`{"a":{"x":["apple",true],"y":["pear"]},"b":{"":["apple"]}}`)
	require.Equal(t, []crdt.Scalar{apple, crdt.True}, s[0].view.At("a", "x").Values())
	require.Equal(t, s[0].view.At("a").At("x"), s[0].view.At("a", "x"))
	require.Equal(t, "set", s[0].view.At("no", "body").Type().String())
	s[1].does(crdt.Delete("x").At("a"), crdt.Remove(apple).At("b", ""))
	exchange(s...)
	// A key stays when what is under it is empty.
	s[0].reads(`{"a":{"y":["pear"]},"b":{"":[]}}`)
}

func TestValuesOfAnotherTypeAreNothing(t *testing.T) {
	s := shardsOf(t, "counter", 1)[0]
	s.does(crdt.Increment(3))
	require.Empty(t, s.view.Keys())
	require.Empty(t, s.view.Values())
	require.False(t, s.view.Has("a") || s.view.Contains(apple) || s.view.Enabled())
	yes, of := s.view.Tally()
	require.Zero(t, yes+of)
	_, ok := s.view.Value()
	require.False(t, ok)
	require.Equal(t, `{"value":null}`, said(s.view.At("a")))
	require.Zero(t, shardsOf(t, "set", 1)[0].view.Count().Sign())
}

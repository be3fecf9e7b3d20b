package control_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/control"
)

func TestABoardTellsWhatTheRecordsSay(t *testing.T) {
	var b control.Board
	for _, r := range [][2]string{
		{control.Key("totals"), `{"version":1,"number":1,"building":2,"last":2}`},
		{control.BehaviorKey("totals", 1), `{"version":1,"hashes":["a"]}`},
		{control.BehaviorKey("totals", 2), `{"version":1,"hashes":["a","b"]}`},
	} {
		known, err := b.Take(r[0], []byte(r[1]))
		require.NoError(t, err)
		require.True(t, known)
	}
	known, err := b.Take("flag/cart", []byte("{}"))
	require.NoError(t, err)
	require.False(t, known)
	p, err := b.Projection("totals")
	require.NoError(t, err)
	require.Len(t, p.All(), 2)
	require.False(t, b.Behavior("totals").Mixed())
	require.True(t, b.Behavior("totals.v2").Mixed())
	require.Empty(t, b.Behavior("others").Hashes)
	none, err := b.Projection("others")
	require.NoError(t, err)
	require.Equal(t, control.Projection{}, none)
}

// Which versions there are is not forgotten over a record that cannot be read: they run still, and their topics are there.
func TestVersionsOutliveARecordThatCannotBeRead(t *testing.T) {
	var b control.Board
	_, err := b.Take(control.Key("totals"), []byte(`{"version":1,"number":1,"live":2,"last":2}`))
	require.NoError(t, err)
	_, err = b.Take(control.Key("totals"), []byte(`{"version":2}`))
	require.Error(t, err)
	p, err := b.Projection("totals")
	require.ErrorContains(t, err, "it is of version 2")
	require.Equal(t, 2, p.LiveVersion())
	_, err = b.Take(control.Key("totals"), nil)
	require.NoError(t, err)
	p, err = b.Projection("totals")
	require.NoError(t, err)
	require.Equal(t, 1, p.LiveVersion())
}

func TestAVersionIsMixedOnceTwoBehavioursRanIt(t *testing.T) {
	one := control.Behavior{}.With("a")
	require.False(t, one.Mixed())
	require.Equal(t, one, one.With("a"))
	two := one.With("b")
	require.True(t, two.Mixed())
	require.Equal(t, two, two.With("a"), "to go back does not mend the rows of meanwhile")
	many := two
	for c := 'c'; c < 'z'; c++ {
		many = many.With(string(c))
	}
	value, err := many.Value()
	require.NoError(t, err)
	read, err := control.ParseBehavior(value)
	require.NoError(t, err)
	require.Equal(t, many, read)
	require.Equal(t, control.Behavior{Hashes: []string{"a"}}, one, "what was there is as it was")
}

func TestWhatIsNoRecordOfABehaviourIsRefused(t *testing.T) {
	for _, value := range []string{
		``, `{}`, `{"version":2}`, `{"version":1}`, `{"version":1,"hashes":[]}`, `{"version":1,"hashes":["a"],"x":1}`, `{"version":1,"hashes":["a"]}{}`,
		`{"version":1,"hashes":[` + strings.Repeat(`"a",`, 16) + `"a"]}`,
	} {
		_, err := control.ParseBehavior([]byte(value))
		require.Error(t, err, value)
	}
	none, err := control.ParseBehavior(nil)
	require.NoError(t, err)
	require.Empty(t, none.Hashes)
	for _, key := range []string{"behaviour/totals", "behaviour/totals/0", "behaviour/totals/01", "behaviour//1", "behaviour/totals/x", "projection/totals"} {
		_, ok := control.BehaviorOf(key)
		require.False(t, ok, key)
	}
	component, ok := control.BehaviorOf(control.BehaviorKey("totals", 2))
	require.True(t, ok)
	require.Equal(t, "totals.v2", component)
}

func TestTheLastWishForAnEntityTypeCounts(t *testing.T) {
	var b control.Board
	for _, value := range []string{`{"version":1,"number":1}`, `{"version":1,"number":2}`} {
		known, err := b.Take(control.EntityKey("cart"), []byte(value))
		require.NoError(t, err)
		require.True(t, known)
	}
	known, err := b.Take(control.EntityKey("cart"), []byte(`{"version":1}`))
	require.True(t, known)
	require.Error(t, err)
	wanted := maps.Collect(b.Entities())
	require.Equal(t, map[string]control.Entity{"cart": {Number: 2}}, wanted, "one that cannot be read changes nothing")
}

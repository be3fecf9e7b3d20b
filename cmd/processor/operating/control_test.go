package operating

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/records"
)

func TestWhatIsWantedOfAProjectionFollowsFromWhatWasWanted(t *testing.T) {
	c, cfg := newShop(t)
	now, err := Wanted(t.Context(), cfg, c, "totals")
	require.NoError(t, err)
	require.Equal(t, control.Projection{}, now)

	desk, err := Open(t.Context(), cfg, c, Operator{By: "ann", Why: "wrong"})
	require.NoError(t, err)
	defer desk.Close()
	for n := range 2 {
		next := now
		next.Paused = n == 0
		require.NoError(t, desk.Want(t.Context(), records.Pause, "totals", now, next))
		require.NoError(t, desk.Want(t.Context(), records.Pause, "others", control.Projection{}, control.Projection{}))
		now, err = Wanted(t.Context(), cfg, c, "totals")
		require.NoError(t, err)
		require.Equal(t, control.Projection{Number: int64(n + 1), By: "ann", Why: "wrong", At: now.At, Paused: n == 0}, now)
	}
	require.Len(t, committed(t, cfg, c.Operations().Name), 4)
}

func TestOfTwoOperatorsAtOnceOneIsTold(t *testing.T) {
	c, cfg := newShop(t)
	ann, err := Open(t.Context(), cfg, c, Operator{By: "ann"})
	require.NoError(t, err)
	defer ann.Close()
	seen, err := Wanted(t.Context(), cfg, c, "totals")
	require.NoError(t, err)
	bob, err := Open(t.Context(), cfg, c, Operator{By: "bob"})
	require.NoError(t, err)
	defer bob.Close()
	require.NoError(t, bob.Want(t.Context(), records.Pause, "totals", seen, control.Projection{Paused: true}))
	require.ErrorContains(t, ann.Want(t.Context(), records.Resume, "totals", seen, control.Projection{}), "somebody else operates on this context")
	now, err := Wanted(t.Context(), cfg, c, "totals")
	require.NoError(t, err)
	require.True(t, now.Paused)
	require.Equal(t, "bob", now.By)
	require.Len(t, committed(t, cfg, c.Operations().Name), 1)
}

func TestWhatALaterVersionWantsIsNotWrittenOver(t *testing.T) {
	c, cfg := newShop(t)
	write(t, cfg, &kgo.Record{Topic: c.Control().Name, Key: []byte(control.Key("totals")), Value: []byte(`{"version":2}`)})
	_, err := Wanted(t.Context(), cfg, c, "totals")
	var newer *control.NewerError
	require.ErrorAs(t, err, &newer)
	require.ErrorContains(t, err, "offset 0, about projection/totals")
}

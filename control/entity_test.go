package control_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/control"
)

func TestWishForAnEntityTypeIsReadAsItWasWritten(t *testing.T) {
	wish := control.Entity{Number: 3, By: "ann", Why: "totals", At: "2026-11-25T08:00:00Z"}
	value, err := wish.Value()
	require.NoError(t, err)
	read, err := control.ParseEntity(value)
	require.NoError(t, err)
	require.Equal(t, wish, read)
	name, ok := control.EntityOf(control.EntityKey("cart"))
	require.True(t, ok)
	require.Equal(t, "cart", name)
	_, ok = control.EntityOf(control.Key("cart"))
	require.False(t, ok, "a projection is none")
}

// The topic may have been deleted and made again, and the stores remember.
func TestWishesHaveHigherNumbersThanThoseOfATopicThatIsGone(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	first := control.Entity{Number: control.Entity{}.Next(at)}
	require.Equal(t, int64(1_800_000_000_000), first.Number)
	require.Equal(t, int64(1_800_000_000_001), first.Next(at), "two at the same time")
	require.Equal(t, int64(1_800_000_000_001), first.Next(at.Add(-time.Hour)), "a clock that was turned back")
	require.Greater(t, control.Entity{}.Next(at.Add(time.Second)), first.Number)
}

func TestWishThatCannotBeReadIsRefused(t *testing.T) {
	for _, value := range []string{``, `{}`, `{"version":1}`, `{"version":1,"number":0}`, `{"version":1,"number":1,"paused":true}`, `{"version":1,"number":1} x`} {
		_, err := control.ParseEntity([]byte(value))
		require.Error(t, err, value)
	}
	_, err := control.ParseEntity([]byte(`{"version":2}`))
	var newer *control.NewerError
	require.ErrorAs(t, err, &newer)
	none, err := control.ParseEntity(nil)
	require.NoError(t, err)
	require.Zero(t, none)
}

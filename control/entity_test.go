package control_test

import (
	"testing"

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

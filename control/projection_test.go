package control_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/records"
)

var events = records.TopicPartition{Topic: "shop.cart.events", Partition: 3}

func whole() control.Projection {
	p := control.Projection{Number: 4, By: "ann@desk", Why: "the script is wrong", At: "2026-11-25T08:00:00Z", Paused: true}
	return p.Skipping(events, 17)
}

func TestAProjectionIsReadAsItWasWritten(t *testing.T) {
	for _, p := range []control.Projection{whole(), {Number: 1}} {
		value, err := p.Value()
		require.NoError(t, err)
		read, err := control.Parse(value)
		require.NoError(t, err)
		require.Equal(t, p, read)
	}
	none, err := control.Parse(nil)
	require.NoError(t, err)
	require.Equal(t, control.Projection{}, none)
}

func TestSkippingLeavesTheRecordBeforeAsItWas(t *testing.T) {
	before := whole()
	require.Equal(t, records.Offset(18), before.Skipping(events, 18).Skip[events])
	require.Equal(t, whole(), before)
}

func TestARecordOfALaterVersionIsNotGuessed(t *testing.T) {
	_, err := control.Parse([]byte(`{"version":2,"number":"of another form"}`))
	var newer *control.NewerError
	require.ErrorAs(t, err, &newer)
	require.Equal(t, 2, newer.Version)
	require.ErrorContains(t, err, "this program reads version 1")
}

func TestWhatIsNoRecordIsRefused(t *testing.T) {
	for _, value := range []string{
		``, `null`, `[]`, `{}`, `{"version":0,"number":1}`, `{"version":1}`, `{"version":1,"number":1,"pause":true}`, `{"version":1,"number":1}{}`,
		`{"version":1,"number":1,"skip":{}}`, `{"version":1,"number":1,"skip":["shop.cart.events/3"]}`, `{"version":1,"number":1,"skip":["shop.cart.events/3/-1"]}`,
	} {
		_, err := control.Parse([]byte(value))
		require.ErrorContains(t, err, "control record: ", value)
	}
}

func TestKeysAreOfProjections(t *testing.T) {
	name, ok := control.ProjectionOf(control.Key("totals"))
	require.True(t, ok)
	require.Equal(t, "totals", name)
	for _, key := range []string{"", "totals", "projection/", "entity/cart"} {
		_, ok := control.ProjectionOf(key)
		require.False(t, ok, key)
	}
}

func FuzzParse(f *testing.F) {
	value, err := whole().Value()
	require.NoError(f, err)
	f.Add(value)
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"number":1,"skip":["a/1/0","a/1/2"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := control.Parse(b)
		if err != nil {
			return
		}
		value, err := p.Value()
		require.NoError(t, err)
		again, err := control.Parse(value)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

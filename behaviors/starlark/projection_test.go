package starlark

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

func TestShopTotalsByField(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		x := openExample(t, "shop", encoding)
		p := x.projection(t, "customer_totals.star", "customer_id", "CustomerTotals", "CheckedOut", "ItemAdded")
		require.True(t, p.Keyed())
		require.True(t, p.Wants("CheckedOut"))
		require.False(t, p.Wants("ItemAdded"))
		event := &behaviors.Event{Type: "CheckedOut", EntityID: "c1", Payload: x.payload(t, "CheckedOut", `{"customer_id":"alice","total_cents":90}`)}
		key, failure := p.Key(t.Context(), event)
		require.Nil(t, failure)
		require.Equal(t, "alice", key)
		var row []byte
		for range 2 {
			row, failure = p.Apply(t.Context(), row, event)
			require.Nil(t, failure)
		}
		text, err := p.RowJSON(row)
		require.NoError(t, err)
		require.Equal(t, `{"orders":2,"total_cents":180}`, string(text))
	}
}

func TestFleetCarriersByFunction(t *testing.T) {
	x := openExample(t, "fleet", schemas.AvroEncoding)
	p := x.projection(t, "carriers.star", "", "Punctuality", "Departed", "Cancelled")
	departed := &behaviors.Event{Type: "Departed", Payload: x.payload(t, "Departed", `{"date":"2013-01-31","carrier":"UA","origin":"EWR","dest":"IAH","dep_delay":3}`)}
	cancelled := &behaviors.Event{Type: "Cancelled", Payload: x.payload(t, "Cancelled", `{"date":"2013-01-31","carrier":"UA","origin":"EWR","dest":"IAH"}`)}
	key, failure := p.Key(t.Context(), departed)
	require.Nil(t, failure)
	require.Equal(t, "UA/2013-01", key)
	var row []byte
	for _, event := range []*behaviors.Event{departed, cancelled} {
		row, failure = p.Apply(t.Context(), row, event)
		require.Nil(t, failure)
	}
	text, err := p.RowJSON(row)
	require.NoError(t, err)
	require.Equal(t, `{"flights":2,"cancelled":1,"delay_minutes":3,"mean_delay":3}`, string(text))
}

func TestARowIsDeleted(t *testing.T) {
	x := openExample(t, "fleet", schemas.AvroEncoding)
	p := x.projection(t, "workshop.star", "", "WaitingAircraft", "MaintenanceDue", "Maintained")
	row, failure := p.Apply(t.Context(), nil, &behaviors.Event{Type: "MaintenanceDue", Payload: x.payload(t, "MaintenanceDue", `{"minutes":6001}`)})
	require.Nil(t, failure)
	require.NotNil(t, row)
	row, failure = p.Apply(t.Context(), row, &behaviors.Event{Type: "Maintained", Payload: x.payload(t, "Maintained", `{}`)})
	require.Nil(t, failure)
	require.Nil(t, row)
}

func TestFleetAircraft(t *testing.T) {
	x := openExample(t, "fleet", schemas.AvroEncoding)
	e := x.entity(t, "aircraft", "Aircraft", []string{"RecordFlight", "Maintain"}, []string{"Flown", "MaintenanceDue", "Maintained"}, nil)
	flight := `{"date":"2013-01-01","carrier":"UA","number":1,"origin":"EWR","dest":"IAH","dep_time":517,"air_minutes":6000}`
	x.play(t, e,
		step{"Maintain", `{}`, nil, "never-flown"},
		step{"RecordFlight", flight, []string{"Flown", "MaintenanceDue"}, `{"minutes":6000,"hours":100,"cycles":1,"stands_at":"IAH","minutes_since_maintenance":6000,"maintenance_due":true}`},
		step{"Maintain", `{}`, []string{"Maintained"}, `{"minutes":6000,"hours":100,"cycles":1,"stands_at":"IAH","minutes_since_maintenance":0,"maintenance_due":false}`},
	)
}

func TestProjectionMistakes(t *testing.T) {
	x := cartExample(t)
	for script, want := range map[string]string{
		"def on_item_aded(row, event, ctx):\n    pass\n":                                                         "did you mean on_item_added?",
		"def on_item_added(row, event):\n    pass\n":                                                             "takes 2 parameters",
		"def on_item_added(row, event, ctx):\n    pass\ndef key_item_added(event, ctx):\n    return event.sku\n": "keep one",
		"on_item_added = 1\n": "want a function on_item_added(row, event, ctx)",
	} {
		_, problems := loadProjection(t, x, script, "sku")
		require.NotEmpty(t, problems, script)
		var told string
		for _, p := range problems {
			told += p.String() + "\n"
		}
		require.Contains(t, told, want)
	}
	_, problems := loadProjection(t, x, "def on_item_added(row, event, ctx):\n    pass\n", "skuu")
	require.Contains(t, problems[0].Message, "has no field skuu (did you mean sku?)")
}

func loadProjection(tb testing.TB, x example, script, key string) (*Projection, []Problem) {
	tb.Helper()
	records := x.records(tb, "Cart", "ItemAdded")
	return LoadProjection(ProjectionConfig{
		Folder: fstest.MapFS{"p.star": {Data: []byte(script)}}, File: "p.star", Name: "p", Key: key,
		Row: records[0], Events: records[1:], Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(),
	})
}

func TestAFailingRowIsAFailureWithItsPlace(t *testing.T) {
	x := cartExample(t)
	p, problems := loadProjection(t, x, "def key_item_added(event, ctx):\n    return None\ndef on_item_added(row, event, ctx):\n    row.total = 'x'\n", "")
	require.Empty(t, problems)
	event := &behaviors.Event{Type: "ItemAdded", Payload: x.payload(t, "ItemAdded", `{"sku":"a","quantity":1}`)}
	_, failure := p.Key(t.Context(), event)
	require.Contains(t, failure.Message, "the key is NoneType")
	_, failure = p.Apply(t.Context(), nil, event)
	require.Equal(t, entities.BehaviorError, failure.Code)
	require.Contains(t, failure.Message, "p.star:4:8: in on_item_added: Cart.total: want an int, got string")
}

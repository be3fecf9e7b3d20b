package schemas_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A wire carries requests to a registry in the same process; it can be cut, and counts.
type wire struct {
	*srfake.Registry
	requests atomic.Int32
	cut      atomic.Bool
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	if w.cut.Load() {
		return nil, http.ErrServerClosed
	}
	recorder := httptest.NewRecorder()
	w.Handler().ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

func fakeRegistry(tb testing.TB) (*wire, *schemas.Registry) {
	tb.Helper()
	w := &wire{Registry: srfake.NewRegistry()}
	return w, newRegistry(tb, w)
}

func newRegistry(tb testing.TB, w *wire) *schemas.Registry {
	tb.Helper()
	registry, err := schemas.NewRegistry("http://registry", sr.HTTPClient(&http.Client{Transport: w}))
	require.NoError(tb, err)
	return registry
}

func confluentCodec(t *testing.T, registry *schemas.Registry, schema string) (*schemas.Codec, *schemas.Message) {
	t.Helper()
	set, err := schemas.Parse(schema)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: schemas.ConfluentEncoding, Registry: registry})
	require.NoError(t, err)
	return codec, set.Messages()[0]
}

const (
	paid       = `{"type":"record","name":"Paid","namespace":"billing","fields":[{"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}`
	paidFiner  = `{"type":"record","name":"Paid","namespace":"billing","fields":[{"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":4}}]}`
	paidLonger = `{"type":"record","name":"Paid","namespace":"billing","fields":[{"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"by","type":"string","default":"card"}]}`
)

func TestRegistryIsAskedOnceForASchema(t *testing.T) {
	w, registry := fakeRegistry(t)
	writer, m := confluentCodec(t, registry, paid)
	require.NoError(t, writer.Register(t.Context()))
	require.NoError(t, writer.Register(t.Context()))
	data, err := writer.Encode(nil, m, []any{decimal("1.25")})
	require.NoError(t, err)

	reader, _ := confluentCodec(t, newRegistry(t, w), paidLonger)
	before := w.requests.Load()
	for range 3 {
		require.NoError(t, reader.Prepare(t.Context(), entities.Payload{Data: data}))
		m, value, err := reader.Decode(t.Context(), entities.Payload{Data: data}, "")
		require.NoError(t, err)
		require.Equal(t, "billing.Paid", m.FullName)
		require.True(t, same([]any{decimal("1.25"), "card"}, value), "%v", value)
	}
	require.Equal(t, before+1, w.requests.Load())
}

func TestAnotherScaleBehindTheSameFingerprintIsRefused(t *testing.T) {
	w, registry := fakeRegistry(t)
	writer, m := confluentCodec(t, registry, paid)
	require.NoError(t, writer.Register(t.Context()))
	data, err := writer.Encode(nil, m, []any{decimal("1.25")})
	require.NoError(t, err)
	reader, finer := confluentCodec(t, newRegistry(t, w), paidFiner)
	require.Equal(t, m.Fingerprint, finer.Fingerprint)
	_, _, err = reader.Decode(t.Context(), entities.Payload{Data: data}, "Paid")
	var failure *entities.Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, entities.UnknownSchema, failure.Code)
	require.Contains(t, failure.Message, "decimal(9,2)")
}

// Whoever describes a record as it was is told if the registry has another of the same fingerprint.
func TestARecordAsItWasIsComparedWithTheRegistry(t *testing.T) {
	w, registry := fakeRegistry(t)
	writer, m := confluentCodec(t, registry, paid)
	require.NoError(t, writer.Register(t.Context()))
	data, err := writer.Encode(nil, m, []any{decimal("1.25")})
	require.NoError(t, err)
	reader, finer := confluentCodec(t, newRegistry(t, w), paidFiner)
	require.NoError(t, reader.Prepare(t.Context(), entities.Payload{Data: data}))
	written, ok := reader.Written(t.Context(), entities.Payload{Data: data})
	require.True(t, ok)
	require.Equal(t, m.Fingerprint, written.Fingerprint)
	value, err := reader.DecodeWritten(m, written)
	require.NoError(t, err)
	require.True(t, same([]any{decimal("1.25")}, value), "%v", value)
	_, err = reader.DecodeWritten(finer, written)
	require.ErrorContains(t, err, "decimal(9,2)")
}

func TestUnknownIdIsRememberedForSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, registry := fakeRegistry(t)
		codec, _ := confluentCodec(t, registry, paid)
		payload := entities.Payload{Data: []byte{0, 0, 0, 0, 1, 2, 1}}
		for range 3 {
			_, _, err := codec.Decode(t.Context(), payload, "Paid")
			var failure *entities.Failure
			require.ErrorAs(t, err, &failure)
			require.Equal(t, entities.UnknownSchema, failure.Code)
		}
		require.EqualValues(t, 1, w.requests.Load())
		w.SeedSchema("billing.Paid", 1, 1, sr.Schema{Schema: paid, Type: sr.TypeAvro})
		<-time.After(6 * time.Second) // the bubble's clock
		_, value, err := codec.Decode(t.Context(), payload, "Paid")
		require.NoError(t, err)
		require.True(t, same([]any{decimal("0.01")}, value))
	})
}

func TestRegistryThatIsAwayIsTriedAgain(t *testing.T) {
	w, registry := fakeRegistry(t)
	w.cut.Store(true)
	codec, m := confluentCodec(t, registry, paid)
	var away *schemas.Unavailable
	require.ErrorAs(t, codec.Register(t.Context()), &away)
	_, err := codec.Encode(nil, m, []any{decimal("1")})
	require.ErrorAs(t, err, &away)
	payload := entities.Payload{Data: []byte{0, 0, 0, 0, 1, 2, 1}}
	require.ErrorAs(t, codec.Prepare(t.Context(), payload), &away)
	_, _, err = codec.Decode(t.Context(), payload, "Paid")
	require.ErrorAs(t, err, &away)

	w.cut.Store(false)
	require.NoError(t, codec.Register(t.Context()))
	data, err := codec.Encode(nil, m, []any{decimal("1")})
	require.NoError(t, err)
	_, value, err := codec.Decode(t.Context(), entities.Payload{Data: data}, "")
	require.NoError(t, err)
	require.True(t, same([]any{decimal("1")}, value))
}

func TestSchemaThatRefersToOthersIsRead(t *testing.T) {
	w, registry := fakeRegistry(t)
	item := `{"type":"record","name":"Item","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"unit","type":"Unit"}]}`
	unit := `{"type":"enum","name":"Unit","namespace":"shop","symbols":["PIECE","GRAM"]}`
	bought := `{"type":"record","name":"Bought","namespace":"shop","fields":[{"name":"item","type":"shop.Item"}]}`
	w.SeedSchema("unit", 1, 1, sr.Schema{Schema: unit})
	w.SeedSchema("item", 1, 2, sr.Schema{Schema: item, References: []sr.SchemaReference{{Name: "shop.Unit", Subject: "unit", Version: 1}}})
	w.SeedSchema("bought", 1, 3, sr.Schema{Schema: bought, References: []sr.SchemaReference{
		{Name: "shop.Item", Subject: "item", Version: 1}, {Name: "shop.Unit", Subject: "unit", Version: 1},
	}})
	set, err := schemas.Parse(bought, unit, item)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{Registry: registry})
	require.NoError(t, err)
	m, err := set.Lookup("Bought")
	require.NoError(t, err)
	data, err := codec.AppendBinary([]byte{0, 0, 0, 0, 3}, m, []any{[]any{"apple", "GRAM"}})
	require.NoError(t, err)
	_, value, err := codec.Decode(t.Context(), entities.Payload{Data: data}, "")
	require.NoError(t, err)
	require.Equal(t, []any{[]any{"apple", "GRAM"}}, value)
}

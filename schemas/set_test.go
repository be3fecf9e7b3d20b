package schemas_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

const cart = `[
 {"type":"record","name":"Cart","namespace":"shop","fields":[
  {"name":"customer_id","type":"string","default":""},
  {"name":"lines","type":{"type":"map","values":"int"},"default":{}},
  {"name":"item","type":["null","Item"],"default":null},
  {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":"\u0001"},
  {"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"default":0},
  {"name":"big","type":"long","default":9007199254740993}]},
 {"type":"record","name":"Item","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"day","type":{"type":"int","logicalType":"date"}}]}]`

func newCodec(t *testing.T, encoding schemas.Encoding) (*schemas.Set, *schemas.Codec) {
	t.Helper()
	set, err := schemas.Parse(cart)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
	require.NoError(t, err)
	return set, codec
}

func TestDefaultsSurviveEveryEncoding(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		set, codec := newCodec(t, encoding)
		m, err := set.Lookup("Cart")
		require.NoError(t, err)
		value, err := m.Default()
		require.NoError(t, err)
		value[2] = []any{"apple", int64(20000)}
		data, err := codec.Encode(nil, m, value)
		require.NoError(t, err)
		_, back, err := codec.Decode(t.Context(), entities.Payload{Data: data}, "Cart")
		require.NoError(t, err)
		require.Equal(t, any(value), back)
	}
}

func TestCommandTypeIsReadFromItsJSON(t *testing.T) {
	_, codec := newCodec(t, schemas.AvroEncoding)
	m, value, err := codec.Decode(context.WithoutCancel(t.Context()), entities.Payload{Data: []byte(`{"type":"Item","sku":"a","day":"2026-01-02"}`)}, "")
	require.NoError(t, err)
	require.Equal(t, "shop.Item", m.FullName)
	require.Equal(t, []any{"a", int64(20455)}, value)
}

func TestNearestNameIsOffered(t *testing.T) {
	set, codec := newCodec(t, schemas.AvroEncoding)
	_, err := set.Lookup("Itm")
	require.ErrorContains(t, err, "did you mean Item?")
	_, _, err = codec.Decode(t.Context(), entities.Payload{Data: []byte(`{"sko":"a","sku":"a","day":1}`)}, "Item")
	var failure *entities.Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, entities.Malformed, failure.Code)
	require.Contains(t, failure.Message, "did you mean sku?")
}

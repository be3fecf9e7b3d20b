package schemas_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// hard is a schema of what decoders have trouble with.
const hard = `[{"type":"record","name":"Hard","fields":[
 {"name":"next","type":["null","Hard"]},{"name":"nulls","type":{"type":"array","items":"null"}},{"name":"lists","type":{"type":"array","items":{"type":"array","items":"int"}}},
 {"name":"by","type":{"type":"map","values":["string","bytes","double",{"type":"record","name":"P","fields":[{"name":"x","type":"float"}]},
  {"type":"record","name":"Q","fields":[{"name":"x","type":["null","float"],"default":null}]}]}},
 {"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"day","type":{"type":"int","logicalType":"date"}},
 {"name":"id","type":{"type":"string","logicalType":"uuid"}},{"name":"at","type":{"type":"long","logicalType":"timestamp-nanos"}}]}]`

func hardValue() []any {
	inner := []any{nil, []any{}, []any{}, object{}, decimal("-0.01"), int64(-1), "6ba7b810-9dad-11d1-80b4-00c04fd430c8", int64(-5)}
	return []any{
		inner,
		[]any{nil, nil},
		[]any{[]any{int64(1)}, []any{}},
		object{"a": "text", "b": []byte{1}, "c": 0.5, "d": schemas.Branch{Name: "P", Value: []any{1.5}}, "e": schemas.Branch{Name: "Q", Value: []any{nil}}},
		decimal("12.30"), int64(20000), "6ba7b810-9dad-11d1-80b4-00c04fd430c8", int64(1),
	}
}

func decimal(text string) any {
	r, err := schemas.ParseDecimal(text)
	if err != nil {
		panic(err)
	}
	return r
}

func fuzzPayloads(f *testing.F, encoding schemas.Encoding) {
	f.Helper()
	set, err := schemas.Parse(hard)
	require.NoError(f, err)
	options := schemas.Options{Encoding: encoding}
	if encoding == schemas.ConfluentEncoding {
		_, options.Registry = fakeRegistry(f)
	}
	codec, err := schemas.NewCodec(set, options)
	require.NoError(f, err)
	require.NoError(f, codec.Register(f.Context()))
	m, err := set.Lookup("Hard")
	require.NoError(f, err)
	seed, err := codec.Encode(nil, m, hardValue())
	require.NoError(f, err)
	f.Add(seed)
	f.Add(seed[:len(seed)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		m, value, err := codec.Decode(t.Context(), entities.Payload{Data: data}, "Hard")
		if err != nil {
			requireFailure(t, err)
			return
		}
		requireStable(t, codec, m, value)
	})
}

func requireFailure(t *testing.T, err error) {
	t.Helper()
	var failure *entities.Failure
	require.ErrorAs(t, err, &failure)
}

// requireStable demands that what was read can be written and read again with the same bytes, unless it is over a limit.
func requireStable(t *testing.T, codec *schemas.Codec, m *schemas.Message, value any) {
	t.Helper()
	var failure *entities.Failure
	data, err := codec.Encode(nil, m, value)
	if errors.As(err, &failure) && failure.Code == entities.SizeLimit {
		return
	}
	require.NoError(t, err)
	_, back, err := codec.Decode(t.Context(), entities.Payload{Data: data}, m.FullName)
	require.NoError(t, err)
	again, err := codec.Encode(nil, m, back)
	require.NoError(t, err)
	require.Equal(t, data, again)
}

func FuzzSingleObject(f *testing.F) { fuzzPayloads(f, schemas.AvroEncoding) }

func FuzzConfluent(f *testing.F) { fuzzPayloads(f, schemas.ConfluentEncoding) }

func FuzzJSON(f *testing.F) {
	for _, text := range hostileJSON {
		if len(text) < 1024 { // minimizing longer ones takes all the time
			f.Add([]byte(text))
		}
	}
	fuzzPayloads(f, schemas.JSONEncoding)
}

func FuzzBinary(f *testing.F) {
	set, err := schemas.Parse(hard)
	require.NoError(f, err)
	codec, err := schemas.NewCodec(set, schemas.Options{})
	require.NoError(f, err)
	m, err := set.Lookup("Hard")
	require.NoError(f, err)
	seed, err := codec.AppendBinary(nil, m, hardValue())
	require.NoError(f, err)
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := codec.DecodeBinary(m, m.Fingerprint, data)
		if err != nil {
			requireFailure(t, err)
			return
		}
		requireStable(t, codec, m, value)
	})
}

func FuzzLoad(f *testing.F) {
	for _, text := range []string{hard, cart, node, order, `{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}`, `"int"`, `[`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, problems := schemas.LoadFS(fstest.MapFS{"a.avsc": {Data: text}})
		for _, p := range problems {
			require.NotEmpty(t, p.Message)
		}
		for _, m := range set.Messages() {
			_, err := schemas.Parse(m.SchemaJSON)
			require.NoError(t, err, "a loaded schema is complete")
		}
	})
}

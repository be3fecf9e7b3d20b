package schemas_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// order is a record of 161 bytes with optional fields, a map and strings, as commands and states are.
const order = `{"type":"record","name":"Order","fields":[
 {"name":"id","type":{"type":"string","logicalType":"uuid"}},{"name":"customer","type":"string"},{"name":"note","type":["null","string"],"default":null},
 {"name":"email","type":["null","string"],"default":null},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
 {"name":"cents","type":"long"},{"name":"rate","type":"double"},{"name":"paid","type":"boolean"},
 {"name":"status","type":{"type":"enum","name":"Status","symbols":["OPEN","PAID","SENT"]}},
 {"name":"lines","type":{"type":"map","values":"int"}},{"name":"tags","type":{"type":"array","items":"string"}},
 {"name":"place","type":["null",{"type":"record","name":"Place","fields":[{"name":"street","type":"string"},{"name":"town","type":"string"}]}],"default":null}]}`

func orderValue() []any {
	return []any{
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "customer-000123", "leave it at the door", nil, int64(1767225600000), int64(123456), 0.19, true, "PAID",
		map[string]any{"apple": int64(2), "pear": int64(17), "melon": int64(1)},
		[]any{"fragile", "gift"},
		[]any{"12 Long Street", "Lower Hamlet"},
	}
}

func benchCodec(b *testing.B, encoding schemas.Encoding) (*schemas.Codec, *schemas.Message) {
	b.Helper()
	set, err := schemas.Parse(order)
	require.NoError(b, err)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
	require.NoError(b, err)
	b.ReportAllocs()
	return codec, set.Messages()[0]
}

func BenchmarkEncodeBinary(b *testing.B) {
	codec, m := benchCodec(b, schemas.AvroEncoding)
	value, buffer := orderValue(), make([]byte, 0, 512)
	for b.Loop() {
		if _, err := codec.AppendBinary(buffer[:0], m, value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBinary(b *testing.B) {
	codec, m := benchCodec(b, schemas.AvroEncoding)
	data, err := codec.AppendBinary(nil, m, orderValue())
	require.NoError(b, err)
	for b.Loop() {
		if _, err := codec.DecodeBinary(m, m.Fingerprint, data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeJSON(b *testing.B) {
	codec, m := benchCodec(b, schemas.JSONEncoding)
	value, buffer := orderValue(), make([]byte, 0, 1024)
	for b.Loop() {
		if _, err := codec.Encode(buffer[:0], m, value); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeJSON(b *testing.B) {
	codec, m := benchCodec(b, schemas.JSONEncoding)
	data, err := codec.Encode(nil, m, orderValue())
	require.NoError(b, err)
	for b.Loop() {
		if _, _, err := codec.Decode(b.Context(), entities.Payload{Data: data}, m.Name); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeOlderWithoutType reads what was written under an older schema, by its fingerprint alone.
func BenchmarkDecodeOlderWithoutType(b *testing.B) {
	older, was := benchCodec(b, schemas.AvroEncoding)
	data, err := older.Encode(nil, was, orderValue())
	require.NoError(b, err)
	newer, err := schemas.Parse(strings.Replace(order, `{"name":"cents","type":"long"}`, `{"name":"cents","type":"long"},{"name":"new","type":"int","default":0}`, 1))
	require.NoError(b, err)
	history := schemas.NewHistory()
	history.Add(was.Fingerprint, was.SchemaJSON)
	codec, err := schemas.NewCodec(newer, schemas.Options{History: history})
	require.NoError(b, err)
	for b.Loop() {
		if _, _, err := codec.Decode(b.Context(), entities.Payload{Data: data}, ""); err != nil {
			b.Fatal(err)
		}
	}
}

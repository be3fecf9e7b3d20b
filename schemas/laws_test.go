package schemas_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

func TestEveryValueSurvivesEveryEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, m := drawMessage(t)
		value := drawValue(t, m.Type, 0)
		for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
			codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
			require.NoError(t, err)
			data, err := codec.Encode(nil, m, value)
			require.NoError(t, err, m.SchemaJSON)
			_, back, err := codec.Decode(t.Context(), entities.Payload{Data: data}, m.FullName)
			require.NoError(t, err, "%s %s", m.SchemaJSON, data)
			require.True(t, same(value, back), "%s\n%q\n%v\n%v", m.SchemaJSON, data, value, back)
			again, err := codec.Encode(nil, m, back)
			require.NoError(t, err)
			require.Equal(t, data, again, "equal values are equal bytes")
		}
	})
}

// twin is the schema for twmb/avro with values in the schema's unit.
func twin(t *rapid.T, m *schemas.Message) *avro.Schema {
	var opts []avro.SchemaOpt
	for _, name := range []string{
		"decimal", "uuid", "date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos", "duration",
	} {
		opts = append(opts, avro.CustomType{LogicalType: name})
	}
	schema, err := avro.Parse(m.SchemaJSON, opts...)
	require.NoError(t, err)
	return schema
}

func TestAnotherImplementationReadsAndWritesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set, m := drawMessage(t)
		value := drawValue(t, m.Type, 0)
		codec, err := schemas.NewCodec(set, schemas.Options{})
		require.NoError(t, err)
		data, err := codec.AppendBinary(nil, m, value)
		require.NoError(t, err)
		var theirs any
		rest, err := twin(t, m).Decode(data, &theirs, avro.TaggedUnions())
		require.NoError(t, err, m.SchemaJSON)
		require.Empty(t, rest)
		written, err := twin(t, m).Encode(theirs)
		require.NoError(t, err, m.SchemaJSON)
		back, err := codec.DecodeBinary(m, m.Fingerprint, written)
		require.NoError(t, err, m.SchemaJSON)
		require.True(t, same(value, back), "%s\n%v\n%v", m.SchemaJSON, value, back)
	})
}

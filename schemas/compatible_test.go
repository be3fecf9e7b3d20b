package schemas_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

func recordOf(fields string) string { return `{"type":"record","name":"S","fields":[` + fields + `]}` }

func fieldOf(typ string) string { return recordOf(`{"name":"f","type":` + typ + `}`) }

func decimalType(precision, scale int) string {
	return fmt.Sprintf(`{"type":"bytes","logicalType":"decimal","precision":%d,"scale":%d}`, precision, scale)
}

// onlyMessage is the record S of a schema, with a codec that knows the history.
func onlyMessage(t *testing.T, schema string, history schemas.History) (*schemas.Codec, *schemas.Message) {
	t.Helper()
	set, err := schemas.Parse(schema)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{History: history})
	require.NoError(t, err)
	m, err := set.Lookup("S")
	require.NoError(t, err)
	return codec, m
}

func TestOlderValuesAreReadUnderTheNewerSchema(t *testing.T) {
	inner := `{"type":"record","name":"I","fields":[{"name":"x","type":"int"}%s]}`
	for name, c := range map[string]struct {
		older, newer string
		was, is      any
	}{
		"int to long":              {fieldOf(`"int"`), fieldOf(`"long"`), int64(5), int64(5)},
		"int to double":            {fieldOf(`"int"`), fieldOf(`"double"`), int64(5), 5.0},
		"float to double":          {fieldOf(`"float"`), fieldOf(`"double"`), 0.5, 0.5},
		"string to bytes":          {fieldOf(`"string"`), fieldOf(`"bytes"`), "x", []byte("x")},
		"becomes optional":         {fieldOf(`"string"`), fieldOf(`["null","string"]`), "x", "x"},
		"optional grows":           {fieldOf(`["null","int"]`), fieldOf(`["null","long","string"]`), int64(5), int64(5)},
		"a date becomes optional":  {fieldOf(`{"type":"int","logicalType":"date"}`), fieldOf(`["null",{"type":"int","logicalType":"date"}]`), int64(5), int64(5)},
		"a renamed field":          {fieldOf(`"int"`), recordOf(`{"name":"g","aliases":["f"],"type":"int"}`), int64(5), int64(5)},
		"an enum with a default":   {fieldOf(`{"type":"enum","name":"E","symbols":["A","B"]}`), fieldOf(`{"type":"enum","name":"E","symbols":["A"],"default":"A"}`), "B", "A"},
		"a field in an array item": {fieldOf(`{"type":"array","items":` + fmt.Sprintf(inner, "") + `}`), fieldOf(`{"type":"array","items":` + fmt.Sprintf(inner, `,{"name":"y","type":"string","default":"d"}`) + `}`), []any{[]any{int64(1)}}, []any{[]any{int64(1), "d"}}},
	} {
		t.Run(name, func(t *testing.T) {
			history := schemas.NewHistory()
			writer, was := onlyMessage(t, c.older, history)
			reader, is := onlyMessage(t, c.newer, history)
			history.Add(was.Fingerprint, was.SchemaJSON)
			require.NoError(t, schemas.Compatible(was.SchemaJSON, is.SchemaJSON))
			data, err := writer.AppendBinary(nil, was, []any{c.was})
			require.NoError(t, err)
			value, err := reader.DecodeBinary(is, was.Fingerprint, data)
			require.NoError(t, err)
			require.Equal(t, []any{c.is}, value)
			single, err := writer.Encode(nil, was, []any{c.was})
			require.NoError(t, err)
			m, value, err := reader.Decode(t.Context(), entities.Payload{Data: single}, "")
			require.NoError(t, err)
			require.Equal(t, is, m)
			require.Equal(t, []any{c.is}, value)
		})
	}
}

func TestIncompatibleSchemasAreRefused(t *testing.T) {
	nested := func(typ string) string {
		return fieldOf(`{"type":"map","values":["null",{"type":"record","name":"I","fields":[{"name":"x","type":` + typ + `}]}]}`)
	}
	for name, c := range map[string]struct{ older, newer, says string }{
		"another type":               {fieldOf(`"string"`), fieldOf(`"int"`), "f"},
		"a field without a default":  {recordOf(``), fieldOf(`"int"`), "field f: is new and has no default"},
		"another scale":              {fieldOf(decimalType(9, 2)), fieldOf(decimalType(9, 3)), "decimal(9,2)"},
		"another precision":          {fieldOf(decimalType(9, 2)), fieldOf(decimalType(8, 2)), "decimal(9,2)"},
		"decimal no more":            {fieldOf(decimalType(9, 2)), fieldOf(`"bytes"`), "field f: was decimal(9,2), is bytes"},
		"millis to micros":           {fieldOf(logicalText("long", "timestamp-millis")), fieldOf(logicalText("long", "timestamp-micros")), "was timestamp-millis, is timestamp-micros"},
		"a number to a time":         {fieldOf(`"long"`), fieldOf(logicalText("long", "timestamp-millis")), "field f: was long"},
		"date to a promoted number":  {fieldOf(logicalText("int", "date")), fieldOf(`"long"`), "field f: was date, is long"},
		"deep inside":                {nested(logicalText("long", "timestamp-millis")), nested(logicalText("long", "timestamp-nanos")), "field f[].x: was timestamp-millis"},
		"in a branch":                {fieldOf(logicalText("int", "date")), fieldOf(`["null",` + logicalText("int", "time-millis") + `]`), "was date, is time-millis"},
		"under another name's alias": {fieldOf(logicalText("int", "date")), recordOf(`{"name":"g","aliases":["f"],"type":"int"}`), "field g: was date, is int"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, schemas.Compatible(c.older, c.newer), c.says)
		})
	}
}

func logicalText(kind, name string) string {
	return `{"type":"` + kind + `","logicalType":"` + name + `"}`
}

func TestUnchangedRecursiveSchemaIsCompatible(t *testing.T) {
	require.NoError(t, schemas.Compatible(sample, sample))
	require.NoError(t, schemas.Compatible(node, node))
}

func TestOlderSchemaThatCannotBeReadIsUnknown(t *testing.T) {
	history := schemas.NewHistory()
	writer, was := onlyMessage(t, fieldOf(`"string"`), history)
	reader, is := onlyMessage(t, fieldOf(`"int"`), history)
	history.Add(was.Fingerprint, was.SchemaJSON)
	data, err := writer.AppendBinary(nil, was, []any{"x"})
	require.NoError(t, err)
	for range 2 {
		_, err = reader.DecodeBinary(is, was.Fingerprint, data)
		var failure *entities.Failure
		require.ErrorAs(t, err, &failure)
		require.Equal(t, entities.UnknownSchema, failure.Code)
	}
}

package schemas_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

const sample = `{"type":"record","name":"Sample","fields":[{"name":"n","type":"long","default":0},{"name":"i","type":"int","default":0},
 {"name":"d","type":"double","default":0},{"name":"f","type":"float","default":0},{"name":"s","type":"string","default":""},
 {"name":"m","type":{"type":"map","values":"string"},"default":{}},{"name":"next","type":["null","Sample"],"default":null}]}`

var hostileJSON = map[string]string{
	"a key twice":              `{"n":1,"n":2}`,
	"a map's key twice":        `{"m":{"a":"","a":""}}`,
	"the same key in escapes":  `{"n":1,"\u006e":2}`,
	"too deep":                 strings.Repeat(`{"next":`, 70) + `null` + strings.Repeat(`}`, 70),
	"far too deep":             strings.Repeat(`[`, 100_000),
	"invalid UTF-8":            "{\"s\":\"\xff\"}",
	"half a surrogate":         `{"s":"\ud800"}`,
	"the other half":           `{"s":"x\uDC00"}`,
	"half a surrogate in keys": `{"m":{"\udfff":""}}`,
	"two first halves":         `{"s":"\ud800\ud800"}`,
	"text after it":            `{"n":1} {}`,
	"a comma after it":         `{"n":1},`,
	"the beginning of one":     `{"n":`,
	"too large a double":       `{"d":1e400}`,
	"too large a float":        `{"f":1e39}`,
	"too large a long":         `{"n":9223372036854775808}`,
	"a long of 1e400":          `{"n":1e400}`,
	"a long with a huge power": `{"n":1e999999999}`,
	"too large an int":         `{"i":2147483648}`,
	"a long with a fraction":   `{"n":1.5}`,
	"a long as a string":       `{"n":"1"}`,
	"an unknown field":         `{"m":{},"nn":1}`,
	"another type":             `{"type":"Other"}`,
	"NaN":                      `{"d":NaN}`,
	"an array":                 `[1]`,
}

func sampleCodec(t *testing.T) *schemas.Codec {
	t.Helper()
	set, err := schemas.Parse(sample)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{})
	require.NoError(t, err)
	return codec
}

func TestHostileJSONIsMalformed(t *testing.T) {
	codec := sampleCodec(t)
	for name, text := range hostileJSON {
		_, value, err := codec.Decode(t.Context(), entities.Payload{Data: []byte(text)}, "Sample")
		var failure *entities.Failure
		require.ErrorAs(t, err, &failure, "%s: %v", name, value)
		require.Equal(t, entities.Malformed, failure.Code, name)
	}
}

func TestAComplaintOfJSONNamesWhatWasMeant(t *testing.T) {
	set, err := schemas.Parse(`{"type":"record","name":"Pick","fields":[{"name":"quantity","type":"int"},
	 {"name":"colour","type":{"type":"enum","name":"Colour","symbols":["RED","GREEN"]},"default":"RED"}]}`)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{})
	require.NoError(t, err)
	for text, says := range map[string]string{
		`{}`:                             "field quantity is missing and has no default",
		`{"qty":1}`:                      `record Pick has no field "qty" (did you mean quantity?)`,
		`{"quantity":1,"color":"GREEN"}`: `record Pick has no field "color" (did you mean colour?)`,
		`{"quantity":1,"colour":"GREN"}`: `"GREN" is no symbol of enum Colour (did you mean GREEN?): it has RED, GREEN`,
		`{"quantity":1,"colour":"BLUE"}`: `"BLUE" is no symbol of enum Colour: it has RED, GREEN`,
	} {
		_, _, err := codec.Decode(t.Context(), entities.Payload{Data: []byte(text)}, "Pick")
		require.ErrorContains(t, err, says)
	}
}

func TestOddButRightJSONIsRead(t *testing.T) {
	codec := sampleCodec(t)
	for text, field := range map[string]any{
		`{"n":1e3}`: int64(1000), `{"n":9223372036854775807}`: int64(9223372036854775807), `{"n":9007199254740993}`: int64(9007199254740993),
		`{"n":2.0}`: int64(2), ` {"type":"Sample"}`: int64(0), `{"n":-0}`: int64(0),
	} {
		_, value, err := codec.Decode(t.Context(), entities.Payload{Data: []byte(text)}, "Sample")
		require.NoError(t, err, text)
		require.Equal(t, field, value.([]any)[0], text)
	}
	_, value, err := codec.Decode(t.Context(), entities.Payload{Data: []byte(`{"s":"\ud83d\ude00 \\ud800"}`)}, "Sample")
	require.NoError(t, err)
	require.Equal(t, `😀 \ud800`, value.([]any)[4])
}

func TestMessageOverTheLimitIsRefusedBothWays(t *testing.T) {
	set, err := schemas.Parse(sample)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{MaxBytes: 40})
	require.NoError(t, err)
	var failure *entities.Failure
	_, _, err = codec.Decode(t.Context(), entities.Payload{Data: []byte(`{"s":"` + strings.Repeat("x", 40) + `"}`)}, "Sample")
	require.ErrorAs(t, err, &failure)
	require.Equal(t, entities.Malformed, failure.Code)
	m := set.Messages()[0]
	value, err := m.Default()
	require.NoError(t, err)
	value[4] = strings.Repeat("x", 40)
	_, err = codec.Encode(nil, m, value)
	require.ErrorAs(t, err, &failure)
	require.Equal(t, entities.SizeLimit, failure.Code)
}

func TestValueThatCouldNotBeReadAgainIsNotWritten(t *testing.T) {
	set, err := schemas.Parse(sample)
	require.NoError(t, err)
	m := set.Messages()[0]
	value, err := m.Default()
	require.NoError(t, err)
	value[6] = value // without end
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		codec, err := schemas.NewCodec(set, schemas.Options{Encoding: encoding})
		require.NoError(t, err)
		_, err = codec.Encode(nil, m, value)
		var failure *entities.Failure
		require.ErrorAs(t, err, &failure)
		require.Equal(t, entities.SizeLimit, failure.Code)
	}
}

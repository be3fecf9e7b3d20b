package schemas_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

const node = `{"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"],"default":null},
 {"name":"nothing","type":{"type":"array","items":"null"},"default":[]},{"name":"text","type":{"type":"array","items":"string"},"default":[]}]}`

func TestHostileBinaryIsMalformed(t *testing.T) {
	set, err := schemas.Parse(node)
	require.NoError(t, err)
	codec, err := schemas.NewCodec(set, schemas.Options{})
	require.NoError(t, err)
	m, err := set.Lookup("Node")
	require.NoError(t, err)
	for name, data := range map[string][]byte{
		"deep nesting":      bytes.Repeat([]byte{2}, 1<<20),
		"many nulls":        append(binary.AppendVarint([]byte{0}, 1<<24), 0, 0),
		"huge block":        append(binary.AppendVarint([]byte{0, 0}, 1<<40), 0),
		"least block count": append(binary.AppendVarint([]byte{0, 0}, -1<<63), 0),
		"negative length":   {0, 0, 2, 1, 0},
		"trailing bytes":    {0, 0, 0, 0},
		"nothing":           {},
	} {
		_, err := codec.DecodeBinary(m, m.Fingerprint, data)
		var failure *entities.Failure
		require.ErrorAs(t, err, &failure, name)
		require.Equal(t, entities.Malformed, failure.Code, name)
	}
}

func TestStateOfAnOlderSchemaIsReadUnderTheNewer(t *testing.T) {
	older, err := schemas.Parse(`{"type":"record","name":"S","fields":[{"name":"n","type":"int"},{"name":"gone","type":"string"}]}`)
	require.NoError(t, err)
	newer, err := schemas.Parse(`{"type":"record","name":"S","fields":[{"name":"n","type":"long"},{"name":"added","type":["null","string"],"default":null},
	 {"name":"tag","type":["string","null"],"default":"x"},{"name":"sum","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2},"default":"\u0005"}]}`)
	require.NoError(t, err)
	was, now := older.Messages()[0], newer.Messages()[0]
	writer, err := schemas.NewCodec(older, schemas.Options{})
	require.NoError(t, err)
	data, err := writer.AppendBinary(nil, was, []any{int64(7), "x"})
	require.NoError(t, err)

	history := schemas.NewHistory()
	reader, err := schemas.NewCodec(newer, schemas.Options{History: history})
	require.NoError(t, err)
	_, err = reader.DecodeBinary(now, was.Fingerprint, data)
	var failure *entities.Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, entities.UnknownSchema, failure.Code)

	history.Add(was.Fingerprint, was.SchemaJSON)
	value, err := reader.DecodeBinary(now, was.Fingerprint, data)
	require.NoError(t, err)
	fresh, err := schemas.Parse(now.SchemaJSON)
	require.NoError(t, err)
	text, err := schemas.AppendJSON(nil, fresh.Messages()[0].Type, value)
	require.NoError(t, err)
	require.JSONEq(t, `{"n":7,"added":null,"tag":"x","sum":"0.05"}`, string(text))
}

package comparing

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

func rowsOf(all map[string]string) map[string]*kgo.Record {
	rows := make(map[string]*kgo.Record)
	for key, value := range all {
		rows[key] = &kgo.Record{Key: []byte(key), Value: []byte(value)}
	}
	return rows
}

func TestRowsOfTwoVersionsAreCompared(t *testing.T) {
	var r Result
	o := &Options{Samples: 3, Decode: func(r *kgo.Record) json.RawMessage { return r.Value }}
	r.add([2]map[string]*kgo.Record{
		rowsOf(map[string]string{"a": `{"x":1,"y":2}`, "b": `{"x":1}`, "c": `{"x":1}`}),
		rowsOf(map[string]string{"a": `{"x":1,"y":3}`, "c": `{"x":1}`, "d": `{"x":4}`}),
	}, o)
	require.Equal(t, Result{
		Rows: [2]int64{3, 3}, Only: [2]int64{1, 1}, Same: 1, Different: 1,
		Samples: []Sample{
			{Key: "a", Values: [2]json.RawMessage{[]byte(`{"x":1,"y":2}`), []byte(`{"x":1,"y":3}`)}, Fields: []Field{
				{Name: "y", Values: [2]json.RawMessage{[]byte("2"), []byte("3")}},
			}},
			{Key: "b", Values: [2]json.RawMessage{[]byte(`{"x":1}`), nil}},
			{Key: "d", Values: [2]json.RawMessage{nil, []byte(`{"x":4}`)}},
		},
	}, r)
	require.False(t, r.Equal())
	r.add([2]map[string]*kgo.Record{rowsOf(map[string]string{"e": "{}", "f": "{}"}), rowsOf(nil)}, o)
	require.Equal(t, [2]int64{3, 1}, r.Only)
	require.Len(t, r.Samples, 3)
}

func TestVersionsWithTheSameRowsAreEqual(t *testing.T) {
	var r Result
	require.True(t, r.Equal())
	rows := rowsOf(map[string]string{"a": `{"x":1}`})
	r.add([2]map[string]*kgo.Record{rows, rows}, &Options{Samples: 1, Decode: func(r *kgo.Record) json.RawMessage { return r.Value }})
	require.True(t, r.Equal())
	require.Equal(t, int64(1), r.Same)
	for _, one := range [][2]map[string]*kgo.Record{{rows, nil}, {nil, rows}, {rows, rowsOf(map[string]string{"a": "{}"})}} {
		var other Result
		other.add(one, &Options{Decode: func(r *kgo.Record) json.RawMessage { return r.Value }})
		require.False(t, other.Equal())
	}
}

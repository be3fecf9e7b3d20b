package pubsub

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

// Whatever partitions the records of a key are on, and whichever of these is read first: the row is that of the newest record, and the bytes are those of
// the rows.
func TestRowsAreThoseOfTheNewestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawRecords(t)
		begun := rapid.IntRange(0, len(all)).Draw(t, "there when reading begins")
		r := newRows()
		for partition := range int32(3) {
			for _, record := range all[:begun] {
				if record.Partition == partition {
					r.put(string(record.Key), record.Value, record)
				}
			}
		}
		r.nowLevel()
		checkRows(t, r, all[:begun])
		for i, record := range all[begun:] {
			r.put(string(record.Key), record.Value, record)
			checkRows(t, r, all[:begun+i+1])
		}
	})
}

// drawRecords are records, oldest first, each a moment after the one before.
func drawRecords(t *rapid.T) []*kgo.Record {
	var all []*kgo.Record
	for i := range rapid.IntRange(0, 30).Draw(t, "records") {
		record := &kgo.Record{
			Partition: rapid.Int32Range(0, 2).Draw(t, "partition"), Key: []byte{byte('a' + rapid.IntRange(0, 4).Draw(t, "key"))},
			Timestamp: time.UnixMilli(int64(i)),
		}
		if rapid.IntRange(0, 2).Draw(t, "deletes") > 0 {
			record.Value = fmt.Append(nil, i)
		}
		all = append(all, record)
	}
	return all
}

func checkRows(t *rapid.T, r *rows, read []*kgo.Record) {
	want, bytes := map[string]string{}, int64(0)
	for _, record := range read {
		if want[string(record.Key)] = string(record.Value); record.Value == nil {
			delete(want, string(record.Key))
		}
	}
	for key, value := range want {
		bytes += int64(len(key)+len(value)) + rowOverhead
	}
	now, got := r.now(), map[string]string{}
	now.Keys(func(key string) bool {
		row, _ := now.Get(key)
		got[key] = string(row)
		return true
	})
	require.True(t, maps.Equal(want, got), "want %v, got %v", want, got)
	require.Equal(t, bytes, r.bytes)
}

// Nobody can write a record that ends the process.
func FuzzATableTakesAnyRecord(f *testing.F) {
	f.Add([]byte("apple"), []byte("1"), "ce_type", []byte("shop.Price"))
	f.Add([]byte(nil), []byte(nil), "content-type", []byte("application/json"))
	f.Add([]byte{0xff}, []byte("garbage"), "ce_type", []byte("."))
	f.Fuzz(func(t *testing.T, key, value []byte, header string, content []byte) {
		table := NewTable(TableDefinition{Name: "prices", Topic: prices, Row: "Price", Decode: asIs})
		record := &kgo.Record{Topic: prices, Key: key, Value: value, Headers: []kgo.RecordHeader{{Key: header, Value: content}}}
		data, what := table.read(t.Context(), record, nil)
		require.Equal(t, what == rowPut, data != nil)
	})
}

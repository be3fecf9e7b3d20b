package pubsub

import (
	"strings"

	"github.com/RaduBerinde/btreemap"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
)

// rows are what has been read of a table's topic: the newest row of each key. A moment of them is taken in no time, however many they are, as what
// is not changed afterwards is shared.
type rows struct {
	tree *btreemap.BTreeMap[string, row]
	// bytes is what they take: keys, rows, and rowOverhead for each.
	bytes int64
	// level: all has been read that was there at the beginning. Until then keys that were deleted are remembered: what another partition holds of
	// them may be read later, and be older.
	level bool
}

// A row is nil data for a key that was deleted.
type row struct {
	data []byte
	// partition and timeMS are of its record.
	partition int32
	timeMS    int64
}

const (
	treeDegree = 32
	// rowOverhead is about what a row takes beside its key and its data.
	rowOverhead = 128
)

func newRows() *rows {
	return &rows{tree: btreemap.New[string, row](treeDegree, strings.Compare)}
}

// put has data, nil for a deletion, be the row of a key, unless a newer one is there. A key should be on one partition always, and is not after
// partitions were added to a topic, or where two writers partition otherwise. Then the later record is the newer one, by its timestamp.
func (r *rows) put(key string, data []byte, record *kgo.Record) {
	_, before, known := r.tree.Get(key)
	put := row{data: data, partition: record.Partition, timeMS: record.Timestamp.UnixMilli()}
	if known && before.partition != put.partition && before.timeMS > put.timeMS {
		return
	}
	if data == nil && r.level {
		r.remove(key)
		return
	}
	if !known {
		r.bytes += int64(len(key)) + rowOverhead
	}
	r.bytes += int64(len(data)) - int64(len(before.data))
	r.tree.ReplaceOrInsert(key, put)
}

func (r *rows) remove(key string) {
	if _, before, known := r.tree.Delete(key); known {
		r.bytes -= int64(len(key)) + int64(len(before.data)) + rowOverhead
	}
}

// nowLevel forgets the keys that were deleted.
func (r *rows) nowLevel() {
	r.level = true
	var deleted []string
	for key, row := range r.tree.Ascend(btreemap.Min[string](), btreemap.Max[string]()) {
		if row.data == nil {
			deleted = append(deleted, key)
		}
	}
	for _, key := range deleted {
		r.remove(key)
	}
}

// now is the moment.
func (r *rows) now() moment { return moment{r.tree.Clone()} }

// A moment is rows that do not change any more. None of them is deleted.
type moment struct {
	tree *btreemap.BTreeMap[string, row]
}

var _ behaviors.Rows = moment{}

// Get is a key's row.
func (m moment) Get(key string) ([]byte, bool) {
	_, row, there := m.tree.Get(key)
	return row.data, there
}

// Keys are all keys.
func (m moment) Keys(yield func(string) bool) {
	for key := range m.tree.Ascend(btreemap.Min[string](), btreemap.Max[string]()) {
		if !yield(key) {
			return
		}
	}
}

// Len is the number of rows.
func (m moment) Len() int { return m.tree.Len() }

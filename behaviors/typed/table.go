package typed

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A Table is data that every instance of the context has whole: the newest row R of each key in a topic. Functions read it with the context that they
// are given, and see it at one moment as long as they run.
type Table[R any] struct {
	name     string
	topic    Topic
	row      record
	latest   bool
	maxBytes int64
}

// NewTable declares a table. Its name is for people: lower-case letters, digits and hyphens. Of the context's own topics, those of projections and
// publications can be tables.
func NewTable[R any](name string, topic Topic) *Table[R] {
	return &Table[R]{name: name, topic: topic, row: recordOf[R]()}
}

// Name is the table's name.
func (t *Table[R]) Name() string { return t.name }

// Latest leaves out what was in the topic before the instance started: only what comes while it runs is ever in the table.
func (t *Table[R]) Latest() *Table[R] {
	t.latest = true
	return t
}

// MaxBytes bounds what the rows take in memory: keys, rows as Avro binary, and 128 bytes for each. By default that is 64 MiB. A topic with more stops
// the shards of the instance.
func (t *Table[R]) MaxBytes(bytes int64) *Table[R] {
	t.maxBytes = bytes
	return t
}

// Get is the row of a key; false if there is none.
func (t *Table[R]) Get(ctx Looker, key string) (row R, there bool) {
	bound, rows := ctx.look().table(t, t.name)
	data, there := rows.Get(key)
	if !there {
		return row, false
	}
	if err := bound.row.decode(data, &row); err != nil {
		panic(fmt.Sprintf("table %s: row %q: %v", t.name, key, err))
	}
	return row, true
}

// Has tells whether there is a row of a key.
func (t *Table[R]) Has(ctx Looker, key string) bool {
	_, rows := ctx.look().table(t, t.name)
	_, there := rows.Get(key)
	return there
}

// Len is how many rows there are.
func (t *Table[R]) Len(ctx Looker) int {
	_, rows := ctx.look().table(t, t.name)
	return rows.Len()
}

// Keys are all keys, in their order.
func (t *Table[R]) Keys(ctx Looker) iter.Seq[string] {
	_, rows := ctx.look().table(t, t.name)
	return rows.Keys
}

// boundTables are the tables of a context, by the *Table that declares each.
type boundTables map[any]*boundTable

// A boundTable is a table of a context.
type boundTable struct {
	row  *message
	rows inbox[struct{}]

	// mu guards is: nil until it is connected.
	mu sync.Mutex
	is behaviors.Table
}

func (b *boundTable) content() behaviors.Table {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.is == nil {
		return noRows{}
	}
	return b.is
}

// A BoundTable is a table of a context, to be connected with what has its rows.
type BoundTable struct {
	Name, Topic string
	Row         *schemas.Message
	Latest      bool
	// MaxBytes is 0 for the default.
	MaxBytes int64

	bound *boundTable
}

// Connect has functions read these rows. Until then the table has none.
func (t BoundTable) Connect(rows behaviors.Table) {
	t.bound.mu.Lock()
	defer t.bound.mu.Unlock()
	t.bound.is = rows
}

// Decode is a row as [behaviors.Rows] has it.
func (t BoundTable) Decode(ctx context.Context, payload entities.Payload) ([]byte, *entities.Failure) {
	_, data, failure := t.bound.rows.open(ctx, t.Row.Name, payload)
	if failure != nil {
		return nil, failure
	}
	if err := t.Row.Validate(data); err != nil {
		return nil, malformed("%v", err)
	}
	return data, nil
}

// noRows is a table without rows.
type noRows struct{}

func (noRows) Now() behaviors.Rows       { return noRows{} }
func (noRows) Get(string) ([]byte, bool) { return nil, false }
func (noRows) Keys(func(string) bool)    {}
func (noRows) Len() int                  { return 0 }

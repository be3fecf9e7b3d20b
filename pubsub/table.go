package pubsub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// TableDefinition says what a table is.
type TableDefinition struct {
	Name string
	// Topic may be anybody's, with any number of partitions.
	Topic string
	// Latest: only what comes while this process runs is ever in the table.
	Latest bool
	// MaxBytes bounds what the rows take, keys and rowOverhead included; 0: DefaultTableBytes.
	MaxBytes int64
	// Row is the last part of the row's record name. Records of the topic that say they are something else are passed.
	Row string
	// Decode is the row as bare Avro binary under today's schema. It does not wait.
	Decode func(payload entities.Payload) ([]byte, *entities.Failure)
	// Prepare is called for each record before Decode; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
}

// DefaultTableBytes is the bound of a table that names none.
const DefaultTableBytes = 64 << 20

// A Table is data that every instance of a context has whole: the newest row of each key in a topic, a record without a value deletes the key. It is
// a need of the shards: none runs before all is read that was in the topic when reading began. The rows are in memory alone, so each start reads the
// topic from its beginning.
type Table struct {
	definition TableDefinition
	// shown is what behaviours see: never a part of a topic that is being read from the beginning.
	shown atomic.Pointer[moment]

	// mu guards the rest.
	mu sync.Mutex
	// unreadable is told of each record that is none of a row; nil: nobody.
	unreadable func(UnreadableRow)
	figures    TableFigures
	// topic is the one that is read, empty while it is not known; moved is closed, and made anew, when it is another.
	topic string
	moved chan struct{}
}

// TableFigures tell of a table.
type TableFigures struct {
	Name        string
	Rows, Bytes int64
	// Records read since the process began: rows that were put, and deletions; those that say they are something else; those that could not be read.
	Put, Deleted, Passed, Unreadable int64
}

// An UnreadableRow is a record that left the key as it was, as it could not be read.
type UnreadableRow struct {
	Table string
	Place records.Place
	Err   error
}

var (
	_ behaviors.Table = (*Table)(nil)
	_ partitions.Need = (*Table)(nil)
)

// NewTable makes a table without rows.
func NewTable(d TableDefinition) *Table {
	if d.MaxBytes == 0 {
		d.MaxBytes = DefaultTableBytes
	}
	t := &Table{definition: d, figures: TableFigures{Name: d.Name}, topic: d.Topic, moved: make(chan struct{})}
	t.show(newRows())
	return t
}

// Name is "table prices", as waits name it.
func (t *Table) Name() string { return "table " + t.definition.Name }

// MaxBytes is the bound of what the rows take.
func (t *Table) MaxBytes() int64 { return t.definition.MaxBytes }

// Now is the table as it is at this moment.
func (t *Table) Now() behaviors.Rows { return *t.shown.Load() }

// Fill has the table be these rows, bare Avro binary by key: for tests, where no topic is read.
func (t *Table) Fill(all map[string][]byte) {
	r := newRows()
	for key, data := range all {
		r.put(key, data, &kgo.Record{})
	}
	t.show(r)
}

// Figures tell how the table is.
func (t *Table) Figures() TableFigures {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.figures
}

// WhenUnreadable has f told of each record that cannot be read.
func (t *Table) WhenUnreadable(f func(UnreadableRow)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unreadable = f
}

func (t *Table) show(r *rows) {
	now := r.now()
	t.shown.Store(&now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.figures.Rows, t.figures.Bytes = int64(now.Len()), r.bytes
}

// fullPause is how long a table that is full waits before it reads its topic again: somebody may have deleted keys.
const fullPause = time.Minute

// Topic is that of the definition.
func (t *Table) Topic() string { return t.definition.Topic }

// Read has another topic be read instead; empty: none, until it is told which. What was there is shown until the other one is level.
func (t *Table) Read(topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if topic != t.topic {
		t.topic = topic
		close(t.moved)
		t.moved = make(chan struct{})
	}
}

func (t *Table) place() (topic string, moved <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.topic, t.moved
}

// Run reads the topic and stays with it until ctx ends.
func (t *Table) Run(ctx context.Context, cfg client.Config, tell func(partitions.NeedState)) error {
	met := false
	for {
		topic, moved := t.place()
		reading := &reading{table: t, tell: tell, topic: topic, met: met}
		if topic != "" {
			if err := reading.run(ctx, cfg, moved); err != nil || ctx.Err() != nil {
				return err
			}
		}
		var again <-chan time.Time
		if met = reading.met && !reading.full; reading.full {
			tell(partitions.NeedState{Trouble: fmt.Errorf("topic %s is more than the table may take, %d bytes: give it a larger max_bytes, or delete keys from the "+
				"topic, which is read again every %s", topic, t.definition.MaxBytes, fullPause)})
			again = time.After(fullPause)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-moved:
		case <-again:
		}
	}
}

// A reading follows the topic from its beginning until the table is full, or is to be read from another topic.
type reading struct {
	table *Table
	topic string
	tell  func(partitions.NeedState)
	rows  *rows
	// met: the table was level. It stays met while the topic is away, or read from the beginning again: the rows of before are shown until then.
	// unprepared: what a record needs to be read, a schema from a registry, cannot be had now.
	met, full, unprepared bool
}

func (r *reading) run(ctx context.Context, cfg client.Config, moved <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-moved:
			cancel()
		case <-ctx.Done():
		}
	}()
	return follow.Run(ctx, cfg, follow.Request{
		Topic:      r.topic,
		NewestOnly: r.table.definition.Latest,
		Begun:      func() { r.rows = newRows() },
		Apply: func(batch []*kgo.Record) {
			if r.full {
				return
			}
			if r.apply(ctx, batch); r.full {
				cancel()
			}
		},
		Level: func() {
			if r.full {
				return
			}
			r.rows.nowLevel()
			r.table.show(r.rows)
			r.met = true
			r.tell(partitions.NeedState{Met: true})
		},
		Waiting: func(err error) {
			if !r.full {
				r.tell(partitions.NeedState{Met: r.met, Trouble: err})
			}
		},
	})
}

func (r *reading) apply(ctx context.Context, batch []*kgo.Record) {
	for _, record := range batch {
		data, outcome := r.table.read(ctx, record, r.prepare)
		if ctx.Err() != nil {
			return
		}
		r.table.count(outcome)
		if outcome == rowPut || outcome == rowDeleted {
			r.rows.put(string(record.Key), data, record)
		}
		if r.full = r.rows.bytes > r.table.definition.MaxBytes; r.full {
			return
		}
	}
	if r.rows.level {
		r.table.show(r.rows)
	}
}

// prepare is the definition's, and tells when that has to be waited for.
func (r *reading) prepare(ctx context.Context, payload entities.Payload) error {
	err := r.table.definition.Prepare(ctx, payload)
	var failure *entities.Failure
	waits := err != nil && !errors.As(err, &failure)
	if waits {
		r.tell(partitions.NeedState{Met: r.met, Trouble: err})
	} else if r.unprepared {
		r.tell(partitions.NeedState{Met: r.met})
	}
	r.unprepared = waits
	return err
}

// An outcome is what a record was for a table.
type outcome uint8

const (
	rowPut outcome = iota
	rowDeleted
	rowPassed
	rowUnreadable
)

func (t *Table) count(o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch o {
	case rowPut:
		t.figures.Put++
	case rowDeleted:
		t.figures.Deleted++
	case rowPassed:
		t.figures.Passed++
	case rowUnreadable:
		t.figures.Unreadable++
	}
}

// read is what a record says. prepare is called if the definition has something to prepare.
func (t *Table) read(ctx context.Context, record *kgo.Record, prepare behaviors.Prepare) ([]byte, outcome) {
	payload := entities.Payload{Data: record.Value}
	for _, h := range record.Headers {
		switch h.Key {
		case records.ContentType:
			payload.ContentType = string(h.Value)
		case records.Type:
			if name := string(h.Value); name[strings.LastIndexByte(name, '.')+1:] != t.definition.Row {
				return nil, rowPassed
			}
		}
	}
	switch {
	case record.Key == nil:
		return nil, t.cannotRead(record, errors.New("it has no key"))
	case !utf8.Valid(record.Key):
		return nil, t.cannotRead(record, errors.New("its key is no text (UTF-8)"))
	case record.Value == nil:
		return nil, rowDeleted
	}
	if t.definition.Prepare != nil {
		failure, err := prepare.Await(ctx, payload)
		if err != nil {
			return nil, rowUnreadable // The caller's context has ended.
		}
		if failure != nil {
			return nil, t.cannotRead(record, failure)
		}
	}
	data, failure := t.definition.Decode(payload)
	if failure != nil {
		return nil, t.cannotRead(record, failure)
	}
	// A copy of its own: data may be a part of all that was fetched with it, and of a record without fields it is nil.
	return append(make([]byte, 0, len(data)), data...), rowPut
}

func (t *Table) cannotRead(record *kgo.Record, err error) outcome {
	t.mu.Lock()
	tell := t.unreadable
	t.mu.Unlock()
	if tell != nil {
		place := records.Place{TopicPartition: records.TopicPartition{Topic: record.Topic, Partition: record.Partition}, Offset: records.Offset(record.Offset)}
		tell(UnreadableRow{Table: t.definition.Name, Place: place, Err: err})
	}
	return rowUnreadable
}

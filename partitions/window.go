package partitions

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/transactions"
)

// A window is the records that one lane takes into one transaction, and what came of them.
type window struct {
	id       records.Window
	openedAt time.Time
	// parts are the tasks' shares, in the order in which the tasks came in.
	parts  []*part
	byTask map[*task]*part

	// tx is nil until the first output is handed over.
	tx *transactions.Transaction
	// waiting outputs are decided and not handed to the producer yet; sent ones are.
	waiting, sent  []output
	records, bytes int

	// From here on for a window that is being committed.

	// flushed is set once all outputs are in the log: the next window may begin to send.
	flushed     atomic.Bool
	committedAt time.Time
	cancel      context.CancelFunc
}

// A part is one task's share of a window. While shards decide concurrently each part is touched by one goroutine only.
type part struct {
	task    *task
	batches []batch
	overlay overlay
	tallies []Tally
	// outputs of the round that is being decided; the lane collects them after it.
	outputs []output
	bytes   int
	// notes are the positions that the window writes, once it is closed.
	notes []note
}

// A batch is a run of records of one input, kept until the window's outcome is known: an aborted window is decided again from them.
type batch struct {
	input   *input
	records []Record
	// from and to are the input's positions before and after.
	from, to records.Position
	bytes    int
}

// sizeOf is about what records take in memory.
func sizeOf(recs []Record) int {
	n := 0
	for i := range recs {
		n += len(recs[i].Key) + len(recs[i].Value) + outputOverhead
	}
	return n
}

// An output is a record to be produced.
type output struct {
	record *kgo.Record
	cause  *Record
	kind   OutputKind
}

func newWindow(id records.Window, now time.Time) *window {
	return &window{id: id, openedAt: now, byTask: make(map[*task]*part)}
}

// partOf returns the task's share, made when it is the first time.
func (w *window) partOf(t *task) *part {
	p, ok := w.byTask[t]
	if !ok {
		p = &part{task: t}
		w.byTask[t] = p
		w.parts = append(w.parts, p)
		t.open = &p.overlay
	}
	return p
}

// holds tells whether the window has a share of the shard.
func (w *window) holds(s *shard) bool {
	if w == nil {
		return false
	}
	for _, p := range w.parts {
		if p.task.shard == s {
			return true
		}
	}
	return false
}

// shards are those that the window writes for, each once.
func (w *window) shards() []*shard {
	var list []*shard
	seen := make(map[*shard]bool)
	for _, p := range w.parts {
		if !seen[p.task.shard] {
			seen[p.task.shard] = true
			list = append(list, p.task.shard)
		}
	}
	return list
}

// collect takes the outputs of a round.
func (w *window) collect(p *part) {
	w.waiting = append(w.waiting, p.outputs...)
	clear(p.outputs)
	p.outputs = p.outputs[:0]
	w.bytes += p.bytes
	p.bytes = 0
}

// close adds what a window ends with: one changelog record for each changed key, with its copy if it has one, and progress records.
func (w *window) close(progressTopic string, nowMS int64) {
	at := time.UnixMilli(nowMS)
	for _, p := range w.parts {
		if p.task.component.Changelog != "" {
			for _, c := range p.overlay.order {
				c.written = &kgo.Record{
					Topic: p.task.component.Changelog, Partition: p.task.shard.number,
					Key: c.key, Value: c.value, Headers: c.headers, Timestamp: at,
				}
				w.waiting = append(w.waiting, output{record: c.written, cause: c.cause, kind: OutputChangelog})
				if c.copy != nil {
					w.waiting = append(w.waiting, output{cause: c.cause, kind: OutputReplicated, record: &kgo.Record{
						Topic: c.copy.Topic, Partition: p.task.shard.number, Key: c.copy.Key, Value: c.value, Timestamp: at,
					}})
				}
			}
		}
		p.notes = p.positions()
		for _, n := range p.notes {
			w.waiting = append(w.waiting, output{kind: outputProgress, record: n.record(progressTopic, w.id, nowMS)})
		}
	}
}

// outputProgress is the engine's own kind: no record of a user causes it.
const outputProgress OutputKind = 255

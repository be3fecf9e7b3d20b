package partitions

import (
	"slices"

	"github.com/partita-io/partita/kafka/records"
)

// A StopError says that a task must not go on as it is: somebody has to mend something first. What it did with the records before Before is good and
// is committed; nothing of Before and what comes after it is. The rest of its shard goes on.
type StopError struct {
	// Before is the record, one of those that Process was given, that the task stops before; nil if it stops before it takes any.
	Before *Record
	// Err says why, and names the mend.
	Err error
}

func (e *StopError) Error() string { return e.Err.Error() }

func (e *StopError) Unwrap() error { return e.Err }

// halt stops a task before a record that it was given in the open window. The task begins there again when its shard is acquired the next time.
func (l *lane) halt(t *task, stop *StopError) {
	l.open.cutOff(t, stop.Before)
	if len(l.open.parts) == 0 {
		l.open = nil
	}
	l.withdraw(t)
	t.stoppedBefore = stop.Before
	l.stopTask(t, stop.Err)
	// An operator may have let the record pass already, after it was fetched.
	l.obeyWith(t)
}

// cutOff takes out of a window what a task was given from a record on. Its inputs stand before that again.
func (w *window) cutOff(t *task, before *Record) {
	p := w.byTask[t]
	for i := len(p.batches) - 1; i >= 0; i-- {
		b := p.batches[i]
		at := b.indexOf(before)
		if at > 0 {
			head, rest := b.cut(at)
			p.batches[i] = head
			w.takeOut(rest)
			break
		}
		p.batches = p.batches[:i]
		w.takeOut(b)
		if at == 0 {
			break
		}
	}
	if len(p.batches) == 0 {
		// Without records there is nothing that they led to.
		delete(w.byTask, t)
		w.parts = slices.DeleteFunc(w.parts, func(other *part) bool { return other == p })
		t.open = nil
	}
}

// takeOut gives a batch, the last of its input, back.
func (w *window) takeOut(b batch) {
	b.input.decided = b.from
	w.records -= len(b.records)
	w.bytes -= b.bytes
}

// indexOf is where a record is in the batch, -1 if it is not. Records are told by their offsets: a batch that was cut is a copy.
func (b *batch) indexOf(r *Record) int {
	if b.input.TopicPartition != (records.TopicPartition{Topic: r.Topic, Partition: r.Partition}) {
		return -1
	}
	return slices.IndexFunc(b.records, func(other Record) bool { return other.Offset == r.Offset })
}

package partitions

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// Positions are written with what their records led to. Two kinds have no such record: where an input begins with what comes, and where markers and
// aborted records took it. The first is written at once, the second after a while: an old position does no harm until retention takes what is behind
// it, and nobody could tell then that there was nothing to lose.

// passedPause is how long a position may stand in the progress topic behind the markers that were passed; retention takes hours.
const passedPause = 2 * time.Minute

// A note is a position that a window writes.
type note struct {
	input    *input
	position records.Position
}

// notePositions gives the open window a share of each task that has such a position to write.
func (l *lane) notePositions(now time.Time) {
	if len(l.unwritten) == 0 || l.recovering {
		return
	}
	l.unwritten = slices.DeleteFunc(l.unwritten, func(t *task) bool {
		return l.closing[t.shard] != nil || l.tasks[t.shard] == nil || !t.positionsUnwritten()
	})
	for _, t := range l.unwritten {
		if t.open == nil && t.committing == nil {
			l.openWindow(now).partOf(t)
		}
	}
}

func (t *task) positionsUnwritten() bool {
	return slices.ContainsFunc(t.inputs, func(in *input) bool { return in.noteAtOnce && !in.recorded || in.passed() })
}

// passed tells whether only markers and aborted records have come since the position in the progress topic.
func (in *input) passed() bool { return in.committed == in.decided && in.committed > in.written }

// notePassed looks for such positions after a while.
func (l *lane) notePassed() {
	if l.noting {
		return
	}
	l.noting = true
	time.AfterFunc(passedPause, func() {
		l.ask(func() {
			l.noting = false
			for _, tasks := range l.tasks {
				for _, t := range tasks {
					if !t.stopped && slices.ContainsFunc(t.inputs, (*input).passed) && !slices.Contains(l.unwritten, t) {
						l.unwritten = append(l.unwritten, t)
					}
				}
			}
		})
	})
}

// positions are those that the part's window writes: of inputs that it has records of, of those that markers took on, and with a task's first
// records of all others too, so that a task with a store has a position in every input, also in one that was silent so far.
func (p *part) positions() []note {
	var notes []note
	moved := make(map[*input]bool, 2)
	for _, b := range p.batches {
		if !moved[b.input] {
			moved[b.input] = true
			notes = append(notes, note{input: b.input, position: b.input.decided})
		}
	}
	for _, in := range p.task.inputs {
		if !moved[in] && (!in.recorded || in.passed()) {
			notes = append(notes, note{input: in, position: in.decided})
		}
	}
	return notes
}

func (n note) record(topic string, id records.Window, nowMS int64) *kgo.Record {
	in := n.input
	key := records.ProgressKey{Component: in.task.component.Name, TopicPartition: in.TopicPartition}
	value := records.Progress{
		Position: n.position, TopicID: in.topicID, LeaderEpoch: in.leaderEpoch, Window: id, WrittenMS: nowMS,
	}
	return &kgo.Record{
		Topic: topic, Partition: in.task.shard.number,
		Key: []byte(key.String()), Value: value.Append(nil), Timestamp: time.UnixMilli(nowMS),
	}
}

package commands

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A ledger is the naive twin: it decides one command at a time, remembers all answers for ever and stores nothing.
type ledger struct {
	behavior counter
	parks    bool
	entities map[string]*account
	// What it would have written, in order, each beginning with its entity's id and a space.
	events, answers, dead []string
}

type account struct {
	state    *count
	sequence int64
	first    map[string]entities.Answer
	// queue are the commands that wait.
	queue []partitions.Record
}

func (l *ledger) account(id string) *account {
	a, ok := l.entities[id]
	if !ok {
		a = &account{state: &count{}, first: map[string]entities.Answer{}}
		l.entities[id] = a
	}
	return a
}

// take decides a command, or has it wait.
func (l *ledger) take(r partitions.Record) {
	a := l.account(string(r.Key))
	_, known := a.first[header(r.Record, records.ID)]
	switch {
	case len(a.queue) > 0 && !known:
		a.queue = append(a.queue, r)
	case !l.decide(a, r):
		a.queue = []partitions.Record{r}
	}
}

// operate does what an operator wants of an entity.
func (l *ledger) operate(id, operation string, only bool) {
	a := l.account(id)
	if operation == records.Skip && len(a.queue) > 0 {
		failure := l.failureOf(a)
		l.dead = append(l.dead, id+" "+string(a.queue[0].Value))
		l.answers = append(l.answers, id+" "+string(failure.Append(nil)))
		a.pop()
		if only {
			return
		}
	}
	for len(a.queue) > 0 && l.decide(a, a.queue[0]) {
		a.pop()
	}
}

func (a *account) pop() { a.queue = a.queue[1:] }

// failureOf is what a command that is skipped is told: what it failed with when it was decided last.
func (l *ledger) failureOf(a *account) entities.Answer {
	if answer, ok := a.first["failure "+fmt.Sprint(a.queue[0].Offset)]; ok {
		answer.Sequence = a.sequence
		return answer
	}
	return entities.Answer{Status: entities.Failed, Code: "untried", Message: "skipped before it was decided", Sequence: a.sequence}
}

// decide returns false if the command must wait.
func (l *ledger) decide(a *account, r partitions.Record) bool {
	commandID := header(r.Record, records.ID)
	answer, known := a.first[commandID]
	if answer.Repeated = known; !known {
		answer = l.ask(r, a)
		if answer.Status != entities.Failed && commandID != "" {
			a.first[commandID] = answer
		}
	}
	if answer.Status == entities.Failed {
		if l.parks {
			a.first["failure "+fmt.Sprint(r.Offset)] = answer
			return false
		}
		l.dead = append(l.dead, string(r.Key)+" "+string(r.Value))
	}
	l.answers = append(l.answers, string(r.Key)+" "+string(answer.Append(nil)))
	return true
}

func (l *ledger) ask(r partitions.Record, a *account) entities.Answer {
	if expected := header(r.Record, records.ExpectedSequence); expected != "" && expected != fmt.Sprint(a.sequence) {
		return entities.Answer{
			Status: entities.Rejected, Code: entities.WrongSequence, Sequence: a.sequence,
			Message: fmt.Sprintf("expected sequence %s, it is %d", expected, a.sequence),
		}
	}
	state := *a.state
	t := behaviors.Turn{Command: &entities.Command{Payload: entities.Payload{Data: r.Value}}, State: &state}
	l.behavior.decide(&t)
	d := &t.Decision
	switch {
	case t.Failure != nil:
		return entities.Answer{Status: entities.Failed, Code: string(t.Failure.Code), Message: t.Failure.Message, Sequence: a.sequence}
	case d.Rejection != nil:
		return entities.Answer{Status: entities.Rejected, Code: d.Rejection.Code, Message: d.Rejection.Message, Sequence: a.sequence}
	case len(d.Events) > 0:
		a.state = &state
	}
	for _, e := range d.Events {
		a.sequence++
		l.events = append(l.events, fmt.Sprintf("%s counter/%s/%d %s", r.Key, r.Key, a.sequence, e.Payload.Data))
	}
	return entities.Answer{Status: entities.Accepted, Sequence: a.sequence, Events: len(d.Events), Reply: d.Reply}
}

// drawCommand draws a command. One that comes with an operation has no id: given again while its first waits in a release of several windows, it would
// wait, too, where the twin's release is over and answers it.
func drawCommand(t *rapid.T, beside bool) partitions.Record {
	script := rapid.SampledFrom([]string{
		"+1", "+2 +3", "+4 reply=9", "reply=1", "reject=no", "+5 fail=behavior", "+1 delete", "wide=40 +7", "+3 reject=late", "+9 bug", "bug reply=2",
	}).Draw(t, "script")
	headers := []string{records.ReplyTopic, "answers"}
	if !beside && rapid.Bool().Draw(t, "named") {
		headers = append(headers, records.ID, fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id")))
	}
	if rapid.IntRange(0, 4).Draw(t, "expects") == 0 {
		headers = append(headers, records.ExpectedSequence, fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "expected")))
	}
	return command(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "entity"), script, headers...)
}

// drawOperation is what an operator asks of one of the entities as its store has it, or as it is not.
func (l *law) drawOperation() partitions.Record {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(l.t, "entity")
	operation := rapid.SampledFrom([]string{records.Release, records.Skip}).Draw(l.t, "operation")
	only := operation == records.Skip && rapid.Bool().Draw(l.t, "only")
	number := int64(0)
	if s, _ := l.window.stored(id); s.Parked != nil {
		number = s.Parked.First
	}
	if stale := rapid.IntRange(0, 5).Draw(l.t, "stale") == 0; stale {
		number++
	} else {
		l.twin.operate(id, operation, only)
	}
	order := fmt.Sprintf(`{"by":"ann","why":"law","number":%d,"only":%t}`, number, only)
	l.operations++
	return command(id, order, records.Operation, operation, records.ReplyTopic, "operators")
}

// byEntity sorts texts that begin with an entity's id: the processor keeps the order of each entity, not that of different ones.
func byEntity(texts []string) map[string][]string {
	sorted := map[string][]string{}
	for _, text := range texts {
		id, rest, _ := strings.Cut(text, " ")
		sorted[id] = append(sorted[id], rest)
	}
	return sorted
}

func outputsOf(w *window, kind partitions.OutputKind, topic string, text func(*kgo.Record) string) map[string][]string {
	var texts []string
	for _, r := range w.of(kind) {
		if r.Topic == topic {
			texts = append(texts, string(r.Key)+" "+text(r))
		}
	}
	return byEntity(texts)
}

// repeatsLast puts answers that were given again behind the others: they do not wait for a release that takes several windows.
func repeatsLast(answers map[string][]string) map[string][]string {
	for _, list := range answers {
		slices.SortStableFunc(list, func(a, b string) int {
			again := [2]bool{strings.Contains(a, `"repeated":true`), strings.Contains(b, `"repeated":true`)}
			switch {
			case again == [2]bool{true, true}:
				return strings.Compare(a, b)
			case again[0]:
				return 1
			case again[1]:
				return -1
			}
			return 0
		})
	}
	return answers
}

func valueOf(r *kgo.Record) string { return string(r.Value) }

// A law is a processor and its naive twin on the same log.
type law struct {
	t         *rapid.T
	processor *processor
	window    *window
	twin      *ledger
	offset    int64
	// operations is how many answers operators wait for, seen how many continued operations were put into the log.
	operations, seen int
}

// drawBatch draws what comes next: an operation perhaps, and commands.
func (l *law) drawBatch() []partitions.Record {
	var batch []partitions.Record
	operates := rapid.Bool().Draw(l.t, "operates")
	if operates {
		r := l.drawOperation()
		r.Offset = l.next()
		batch = append(batch, r)
	}
	for range rapid.IntRange(1, 12).Draw(l.t, "commands") {
		r := drawCommand(l.t, operates)
		r.Offset = l.next()
		l.twin.take(r)
		batch = append(batch, r)
	}
	return batch
}

func (l *law) next() int64 { l.offset++; return l.offset }

// process decides a batch in one window, after some that failed, and then what operations are continued.
func (l *law) process(batch []partitions.Record) {
	for len(batch) > 0 {
		before := len(l.window.outputs)
		for range rapid.IntRange(0, 2).Draw(l.t, "failures") {
			// Some of it is decided, then the window is dropped.
			n := rapid.IntRange(0, len(batch)).Draw(l.t, "decided")
			require.NoError(l.t, l.processor.Process(l.window, batch[:n]))
			l.window.abort(before)
			l.processor.Dropped()
		}
		cut := rapid.IntRange(0, len(batch)).Draw(l.t, "cut")
		require.NoError(l.t, l.processor.Process(l.window, batch[:cut]))
		require.NoError(l.t, l.processor.Process(l.window, batch[cut:]))
		l.window.commit()
		if rapid.Bool().Draw(l.t, "moves") {
			l.processor.Dropped() // As a new owner, it has nothing but the store.
		}
		batch = nil
		for _, r := range l.window.of(partitions.OutputForward)[l.seen:] {
			r.Offset = l.next()
			batch = append(batch, partitions.Record{Record: r})
			l.seen++
		}
	}
}

// Whatever is batched, cached, evicted, dropped and decided again, parked, mended, released and skipped: the outputs are those of the naive twin.
// So each command is decided or dead-lettered once, in the order of its entity, or waits.
func TestOutputsAreThoseOfTheNaiveTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		behavior := &counter{keeps: rapid.Bool().Draw(t, "keeps")}
		d := Definition{
			Topics: topics.Context{Name: "shop", Partitions: 1}, Name: "counter", Behavior: behavior,
			Remember: entities.Remember{Outcomes: 1000, For: entities.DefaultRemember.For}, MaxRecordBytes: 1 << 20,
			CacheBytes: rapid.SampledFrom([]int{1, 1000, 3000, 1 << 20}).Draw(t, "cache"),
			OnFailure:  rapid.SampledFrom([]entities.OnFailure{entities.DeadLetter, entities.Park, entities.Park}).Draw(t, "on failure"),
		}
		l := &law{
			t: t, processor: newProcessor(t.Context(), d, 0), window: newWindow(),
			twin: &ledger{parks: d.OnFailure == entities.Park, entities: map[string]*account{}},
		}
		l.processor.definition.ReleaseCommands = rapid.SampledFrom([]int{1, 2, 200}).Draw(t, "released at once")
		for range rapid.IntRange(1, 8).Draw(t, "windows") {
			behavior.mended = rapid.Bool().Draw(t, "mended")
			l.twin.behavior.mended = behavior.mended
			l.process(l.drawBatch())
		}
		l.check()
	})
}

func (l *law) check() {
	t, w, twin := l.t, l.window, l.twin
	require.Equal(t, repeatsLast(byEntity(twin.answers)), repeatsLast(outputsOf(w, partitions.OutputReply, "answers", valueOf)))
	require.Equal(t, byEntity(twin.dead), outputsOf(w, partitions.OutputDeadLetter, "shop.dead-letters", valueOf))
	require.Equal(t, byEntity(twin.events), outputsOf(w, partitions.OutputEvent, "shop.counter.events", func(r *kgo.Record) string {
		return header(r, records.ID) + " " + string(r.Value)
	}))
	operators := 0
	for _, r := range w.of(partitions.OutputReply) {
		if r.Topic == "operators" {
			operators++
		}
	}
	require.Equal(t, l.operations, operators, "each operation is answered once")
	shown, waiting, gone := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, r := range w.of(partitions.OutputParked) {
		require.False(t, gone[string(r.Key)], "number %s comes twice: an operator who saw the first would mean the second", r.Key)
		gone[string(r.Key)] = r.Value == nil
		if shown[string(r.Key)] = string(r.Value); r.Value == nil {
			delete(shown, string(r.Key))
		}
	}
	kept := 0
	for id, a := range twin.entities {
		s, _ := w.stored(id)
		require.Equal(t, a.sequence, s.Sequence)
		require.Equal(t, len(a.queue) > 0, s.Parked != nil)
		if s.Parked != nil {
			require.EqualValues(t, len(a.queue), s.Parked.Waiting())
		}
		for i, r := range a.queue {
			number := s.Parked.First + int64(i)
			waiting[records.WaitingID{Entity: "counter", Number: number, ID: id}.String()] = string(r.Value)
			c, err := entities.ParseWaiting(w.store[string(entities.WaitingKey(id, number))])
			require.NoError(t, err)
			require.Equal(t, []any{string(r.Value), r.Offset}, []any{string(c.Value), c.Offset})
			kept++
		}
	}
	require.Equal(t, waiting, shown)
	for key := range w.store {
		if entities.IsReserved([]byte(key)) {
			kept--
		}
	}
	require.Zero(t, kept, "nothing is left in the store of what has gone")
}

package commands

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
	entities map[string]*account
	// events and answers are what it would have written, in order.
	events, answers []string
}

type account struct {
	state    *count
	sequence int64
	first    map[string]entities.Answer
}

func (l *ledger) decide(r partitions.Record) {
	id, commandID := string(r.Key), header(r.Record, records.ID)
	a, ok := l.entities[id]
	if !ok {
		a = &account{state: &count{}, first: map[string]entities.Answer{}}
		l.entities[id] = a
	}
	answer, known := a.first[commandID]
	if answer.Repeated = known; !known {
		answer = l.ask(r, a)
		if answer.Status != entities.Failed && commandID != "" {
			a.first[commandID] = answer
		}
	}
	l.answers = append(l.answers, string(answer.Append(nil)))
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
		l.events = append(l.events, fmt.Sprintf("counter/%s/%d %s", r.Key, a.sequence, e.Payload.Data))
	}
	return entities.Answer{Status: entities.Accepted, Sequence: a.sequence, Events: len(d.Events), Reply: d.Reply}
}

func drawCommand(t *rapid.T) partitions.Record {
	script := rapid.SampledFrom([]string{
		"+1", "+2 +3", "+4 reply=9", "reply=1", "reject=no", "+5 fail=behavior", "+1 delete", "wide=40 +7", "+3 reject=late",
	}).Draw(t, "script")
	headers := []string{records.ReplyTopic, "answers"}
	if rapid.Bool().Draw(t, "named") {
		headers = append(headers, records.ID, fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id")))
	}
	if rapid.IntRange(0, 4).Draw(t, "expects") == 0 {
		headers = append(headers, records.ExpectedSequence, fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "expected")))
	}
	return command(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "entity"), script, headers...)
}

// inOrder are texts by entity: the processor keeps the order of each entity, not that of different ones.
func inOrder(keys, texts []string) map[string][]string {
	byKey := map[string][]string{}
	for i, k := range keys {
		byKey[k] = append(byKey[k], texts[i])
	}
	return byKey
}

func outputsOf(w *window, kind partitions.OutputKind, text func(output) string) map[string][]string {
	var keys, texts []string
	for _, o := range w.outputs {
		if o.kind == kind {
			keys, texts = append(keys, string(o.record.Key)), append(texts, text(o))
		}
	}
	return inOrder(keys, texts)
}

// Whatever is batched, cached, evicted, dropped and decided again: the outputs are those of the naive twin.
func TestOutputsAreThoseOfTheNaiveTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keeps := rapid.Bool().Draw(t, "keeps")
		d := Definition{
			Topics: topics.Context{Name: "shop", Partitions: 1}, Name: "counter", Behavior: &counter{keeps: keeps},
			Remember: entities.Remember{Outcomes: 1000, For: entities.DefaultRemember.For}, MaxRecordBytes: 1 << 20,
			CacheBytes: rapid.SampledFrom([]int{1, 1000, 3000, 1 << 20}).Draw(t, "cache"),
		}
		p, w := newProcessor(t.Context(), d, 0), newWindow()
		twin := &ledger{behavior: counter{}, entities: map[string]*account{}}
		var keys []string
		for range rapid.IntRange(1, 6).Draw(t, "windows") {
			var batch []partitions.Record
			for range rapid.IntRange(1, 12).Draw(t, "commands") {
				r := drawCommand(t)
				batch = append(batch, r)
				keys = append(keys, string(r.Key))
				twin.decide(r)
			}
			before := len(w.outputs)
			for range rapid.IntRange(0, 2).Draw(t, "failures") {
				// Some of it is decided, then the window is dropped.
				n := rapid.IntRange(0, len(batch)).Draw(t, "decided")
				require.NoError(t, p.Process(w, batch[:n]))
				w.abort(before)
				p.Dropped()
			}
			cut := rapid.IntRange(0, len(batch)).Draw(t, "cut")
			require.NoError(t, p.Process(w, batch[:cut]))
			require.NoError(t, p.Process(w, batch[cut:]))
			w.commit()
		}
		answers := outputsOf(w, partitions.OutputReply, func(o output) string { return string(o.record.Value) })
		require.Equal(t, inOrder(keys, twin.answers), answers)
		var eventKeys []string
		for _, e := range twin.events {
			eventKeys = append(eventKeys, strings.Split(e, "/")[1])
		}
		events := outputsOf(w, partitions.OutputEvent, func(o output) string { return header(o.record, records.ID) + " " + string(o.record.Value) })
		require.Equal(t, inOrder(eventKeys, twin.events), events)
		for id, a := range twin.entities {
			s, _ := w.stored(id)
			require.Equal(t, a.sequence, s.Sequence)
		}
	})
}

// The cache is a map with a bound.
func TestCacheAccountsForWhatItHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCache(rapid.IntRange(1, 5000).Draw(t, "most"))
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id")
			e := c.get([]byte(id))
			if e == nil {
				e = &entity{id: id}
				c.add(e)
			}
			e.stored.State = make([]byte, rapid.IntRange(0, 300).Draw(t, "size"))
			c.grow(e)
			if rapid.Bool().Draw(t, "trim") {
				c.trim()
				require.LessOrEqual(t, c.bytes, c.most)
			}
			bytes := 0
			for _, held := range c.entries {
				bytes += held.Value.(*entity).approximateBytes()
			}
			require.Equal(t, bytes, c.bytes)
			require.Equal(t, len(c.entries), c.byUse.Len())
		}
	})
}

package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// counter is the behaviour under test: a state is a number, stored as its digits. A command's value is its script, words with a space between:
//
//	+3        emit an event that adds 3     reply=v   reply(v), JSON
//	reject=c  reject(c, "no: c")            delete    the last event ends the entity
//	fail=c    fail with code c              pad=n     an event of n bytes
//	wide=n    a state of n bytes                bug       fail unless the bug is mended
//	send=e/i  send a command to i of entity e   ask=e/i   the same, and the answer comes back as Told
//	publish=p/k  publish a message with key k   visit   count a visitor, a replicated value
type counter struct {
	mended bool
	// keeps: states are copied before they are changed, and StateIsKept says so.
	keeps bool
	// decoded counts calls of DecodeState; together is the most turns of one call.
	decoded, together int
}

type count struct{ n, wide int }

const counterFingerprint = 0xC0

var shopTopics = topics.Context{Name: "shop", Partitions: 4}

func (b *counter) InitialState() entities.State { return &count{} }

func (b *counter) DecodeState(fingerprint uint64, data []byte) (entities.State, error) {
	b.decoded++
	if fingerprint != counterFingerprint {
		return nil, fmt.Errorf("no schema with fingerprint %x", fingerprint)
	}
	c := count{wide: len(data)}
	_, err := fmt.Sscan(string(data), &c.n)
	return &c, err
}

func (b *counter) EncodeState(s entities.State) ([]byte, uint64, error) {
	c := s.(*count)
	return fmt.Appendf(nil, "%-*d", c.wide, c.n), counterFingerprint, nil
}

func (b *counter) Evolve(_ context.Context, s entities.State, e *behaviors.Event) (entities.State, *entities.Failure) {
	s.(*count).n += number(string(e.Payload.Data))
	return s, nil
}

func (b *counter) StateJSON(s entities.State) ([]byte, error) { return json.Marshal(s.(*count).n) }

func (b *counter) Decide(_ context.Context, turns []behaviors.Turn) {
	b.together = max(b.together, len(turns))
	seen := map[string]bool{}
	for i := range turns {
		if seen[turns[i].Command.EntityID] {
			panic("two turns of one entity")
		}
		seen[turns[i].Command.EntityID] = true
		b.decide(&turns[i])
	}
}

func (b *counter) decide(t *behaviors.Turn) {
	state := t.State.(*count)
	if b.keeps {
		clone := *state
		state, t.StateIsKept = &clone, true
	}
	d := &t.Decision
	for _, word := range strings.Fields(string(t.Command.Payload.Data)) {
		verb, arg, _ := strings.Cut(word, "=")
		switch verb {
		case "reply":
			d.Reply = []byte(arg)
		case "reject":
			*d = entities.Decision{Rejection: &entities.Rejection{Code: arg, Message: "no: " + arg}}
		case "fail":
			*d, t.Failure = entities.Decision{}, &entities.Failure{Code: entities.FailureCode(arg), Message: "counter.star:3:5: " + arg}
		case "bug":
			if !b.mended {
				*d, t.Failure = entities.Decision{}, &entities.Failure{Code: entities.BehaviorError, Message: "counter.star:7:1: a bug"}
			}
		case "delete":
			d.Events[len(d.Events)-1].Deletes = true
			*state = count{}
		case "send", "ask":
			d.Messages.Sends = append(d.Messages.Sends, sendTo(arg, verb == "ask"))
		case "publish":
			name, key, _ := strings.Cut(arg, "/")
			d.Messages.Publications = append(d.Messages.Publications, entities.Publication{
				Name: name, Key: key, Type: "Moved", Payload: entities.Payload{Data: []byte("m"), ContentType: "text/plain"},
			})
		case "visit":
			d.Changes = append(d.Changes, entities.Change{Value: "visitors", Operation: crdt.Increment(1)})
		case "wide":
			state.wide = number(arg)
		case "pad":
			d.Events = append(d.Events, added(strings.Repeat("x", number(arg))))
		default:
			state.n += number(word)
			d.Events = append(d.Events, added(word))
		}
	}
	if len(d.Events) == 0 {
		// In place means that it is worthless now.
		state.n = -1_000_000
		return
	}
	d.State, d.StateFingerprint, d.StateData = state, counterFingerprint, fmt.Appendf(nil, "%-*d", state.wide, state.n)
}

// sendTo makes a send of "entity/id" or "context.entity/id".
func sendTo(to string, asks bool) entities.Send {
	entity, id, _ := strings.Cut(to, "/")
	s := entities.Send{Entity: entity, ID: id, Type: "Do", Payload: entities.Payload{Data: []byte("c"), ContentType: "text/plain"}}
	if other, name, foreign := strings.Cut(entity, "."); foreign {
		s.Context, s.Entity = other, name
	}
	if asks {
		s.OnReply = &entities.OnReply{Type: "Told", Fields: []byte(`{"order":7}`), Take: []string{"status", "code", "reply"}}
	}
	return s
}

func number(s string) int {
	var n int
	_, _ = fmt.Sscan(s, &n) // Zero if it is none.
	return n
}

func added(data string) entities.Event {
	return entities.Event{Type: "Added", Payload: entities.Payload{Data: []byte(data), ContentType: "text/plain"}}
}

// A window is a fake: a store and the overlay of what is not committed, outputs recorded.
type window struct {
	nowMS          int64
	store, overlay map[string][]byte
	outputs        []output
	tallies        []partitions.Tally
	puts           int
	getFails       error
	brokersAway    error
}

type output struct {
	kind   partitions.OutputKind
	record *kgo.Record
}

func newWindow() *window {
	return &window{nowMS: 1_000_000, store: map[string][]byte{}, overlay: map[string][]byte{}}
}

var errDisk = errors.New("the disk is gone")

func (w *window) NowMS() int64 { return w.nowMS }

func (w *window) Get(key []byte) ([]byte, error) {
	if w.getFails != nil {
		return nil, w.getFails
	}
	if v, ok := w.overlay[string(key)]; ok {
		return v, nil
	}
	return w.store[string(key)], nil
}

func (w *window) Put(_ *partitions.Record, key, value []byte, _ []kgo.RecordHeader) {
	w.puts++
	w.overlay[string(key)] = value
}

func (w *window) PutCopied(cause *partitions.Record, key, value []byte, to *partitions.Copy) {
	w.Put(cause, key, value, nil)
	w.Produce(cause, partitions.OutputReplicated, &kgo.Record{Topic: to.Topic, Key: to.Key, Value: value})
}

func (w *window) Delete(_ *partitions.Record, key []byte, _ []kgo.RecordHeader) {
	if !entities.IsReserved(key) {
		panic("an entity is never taken out of the store")
	}
	w.overlay[string(key)] = nil
}

func (w *window) Produce(_ *partitions.Record, kind partitions.OutputKind, r *kgo.Record) {
	w.outputs = append(w.outputs, output{kind, r})
}

func (w *window) CanReply(topic string, partition int32) (int32, bool) {
	return max(partition, 0), (topic == "answers" || topic == "operators") && partition < 4
}

func (w *window) Partitions(topic string) (int32, error) {
	if w.brokersAway != nil {
		return 0, w.brokersAway
	}
	return map[string]int32{"billing.invoice.commands": 6, "shop.counter.commands": shopTopics.Partitions}[topic], nil
}

func (w *window) Count(t partitions.Tally) { w.tallies = append(w.tallies, t) }

func (w *window) commit() {
	for k, v := range w.overlay {
		if w.store[k] = v; v == nil {
			delete(w.store, k)
		}
	}
	clear(w.overlay)
}

// abort throws away what was decided since the last commit; outputs is how many there were then.
func (w *window) abort(outputs int) {
	clear(w.overlay)
	w.outputs = w.outputs[:outputs]
}

func (w *window) of(kind partitions.OutputKind) []*kgo.Record {
	var list []*kgo.Record
	for _, o := range w.outputs {
		if o.kind == kind {
			list = append(list, o.record)
		}
	}
	return list
}

func (w *window) counted(kind partitions.TallyKind, label string) int {
	n := 0
	for _, t := range w.tallies {
		if t.Kind == kind && t.Label == label {
			n++
		}
	}
	return n
}

// stored is the entity as the window has it; false if nothing is stored of it.
func (w *window) stored(id string) (entities.Stored, bool) {
	value, err := w.Get([]byte(id))
	if err != nil || value == nil {
		return entities.Stored{}, false
	}
	s, err := entities.ParseStored(value)
	if err != nil {
		panic(err)
	}
	return s, true
}

// command is a record of an entity's commands, at the shard where its key belongs. headers are keys and values in turn.
func command(id, script string, headers ...string) partitions.Record {
	r := &kgo.Record{
		Topic: "shop.counter.commands", Partition: shardOf(id), Key: []byte(id), Value: []byte(script), Timestamp: time.UnixMilli(999_000),
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return partitions.Record{Record: r}
}

func shardOf(id string) int32 { return records.Partition([]byte(id), shopTopics.Partitions) }

// asking makes headers that name the command and ask for an answer.
func asking(id string, more ...string) []string {
	return append([]string{records.Source, "app", records.ID, id, records.ReplyTopic, "answers", records.CorrelationID, "\x00\x01"}, more...)
}

func header(r *kgo.Record, key string) string {
	value := ""
	for _, h := range r.Headers {
		if h.Key == key {
			value = string(h.Value)
		}
	}
	return value
}

package projections

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// lines is the projection under test: a row is the payloads of its events, one a line. A payload "key text" is of the row "key"; "delete" takes
// the row away, "same" leaves it as it is, "fail" fails.
type lines struct{ seen []behaviors.Event }

func (*lines) Wants(eventType string) bool        { return eventType == "Noted" }
func (*lines) RowJSON(row []byte) ([]byte, error) { return row, nil }
func (*lines) RowType() string                    { return "Note" }
func (*lines) RowContentType() string             { return "text/plain" }
func (*lines) Key(_ context.Context, e *behaviors.Event) (string, *entities.Failure) {
	key, _, ok := strings.Cut(string(e.Payload.Data), " ")
	if !ok {
		return "", &entities.Failure{Code: entities.BehaviorError, Message: "no key"}
	}
	return key, nil
}

func (b *lines) Apply(_ context.Context, row []byte, e *behaviors.Event) ([]byte, *entities.Failure) {
	b.seen = append(b.seen, *e)
	_, text, _ := strings.Cut(string(e.Payload.Data), " ")
	switch text {
	case "delete":
		return nil, nil
	case "same":
		return row, nil
	case "fail":
		return nil, &entities.Failure{Code: entities.StepLimit, Message: "notes.star:2:1: too many steps"}
	}
	return append(append(append([]byte{}, row...), text...), '\n'), nil
}

// A window is a fake: rows and the outputs.
type window struct {
	rows     map[string][]byte
	headers  map[string][]kgo.RecordHeader
	puts     int
	gets     int
	deletes  []string
	outputs  [partitions.OutputMessage + 1][]*kgo.Record
	tallies  []partitions.Tally
	getFails error
}

func (w *window) NowMS() int64                                                   { return 1_000_000 }
func (w *window) PutCopied(*partitions.Record, []byte, []byte, *partitions.Copy) {}
func (w *window) CanReply(string, int32) (int32, bool)                           { return 0, false }
func (w *window) Count(t partitions.Tally)                                       { w.tallies = append(w.tallies, t) }

func (w *window) Get(key []byte) ([]byte, error) {
	w.gets++
	return w.rows[string(key)], w.getFails
}

// Partitions is three for a topic of others.
func (w *window) Partitions(topic string) (int32, error) {
	return map[string]int32{"audit.orders": 3}[topic], nil
}

func (w *window) Put(_ *partitions.Record, key, value []byte, headers []kgo.RecordHeader) {
	w.puts++
	w.rows[string(key)], w.headers[string(key)] = value, headers
}

func (w *window) Delete(_ *partitions.Record, key []byte, headers []kgo.RecordHeader) {
	delete(w.rows, string(key))
	w.deletes, w.headers[string(key)] = append(w.deletes, string(key)), headers
}

func (w *window) Produce(_ *partitions.Record, kind partitions.OutputKind, r *kgo.Record) {
	w.outputs[kind] = append(w.outputs[kind], r)
}

func (w *window) all() []*kgo.Record { return slices.Concat(w.outputs[:]...) }

type desk struct {
	t         *testing.T
	processor *processor
	window    *window
	behavior  *lines
}

func newDesk(t *testing.T, change ...func(*Definition)) *desk {
	t.Helper()
	b := &lines{}
	d := Definition{
		Topics: topics.Context{Name: "shop", Partitions: 1}, Name: "notes", Behavior: b, Sources: []string{"shop.cart.events"}, Version: "v7", CacheBytes: 1 << 20,
		MaxRecordBytes: 4096,
	}
	for _, c := range change {
		c(&d)
	}
	w := &window{rows: map[string][]byte{}, headers: map[string][]kgo.RecordHeader{}}
	return &desk{t: t, processor: newProcessor(t.Context(), d, 0), window: w, behavior: b}
}

func keyed(d *Definition) { d.Keyed = true }

func (d *desk) do(recs ...partitions.Record) {
	d.t.Helper()
	require.NoError(d.t, d.processor.Process(d.window, recs))
}

func (d *desk) deadLetter(reason entities.FailureCode) *kgo.Record {
	d.t.Helper()
	dead := d.window.outputs[partitions.OutputDeadLetter]
	require.Len(d.t, dead, 1)
	require.Equal(d.t, string(reason), header(dead[0].Headers, records.DeadLetterReason))
	require.Contains(d.t, d.window.tallies, partitions.Tally{
		Kind: partitions.DeadLettered, Label: string(reason), Detail: header(dead[0].Headers, records.DeadLetterMessage),
	})
	return dead[0]
}

// event is the third event of cart c1, with a payload.
func event(payload string) partitions.Record {
	return foreign("shop.cart.events", "c1", payload,
		records.ID, "cart/c1/3", records.Type, "Noted", records.Subject, "c1", records.Sequence, "3", records.Causation, "app/7",
		records.Time, "1970-01-01T00:16:39.000Z", records.TraceParent, "00-1-2-01", records.ContentType, "text/plain")
}

func foreign(topic, key, payload string, headers ...string) partitions.Record {
	r := &kgo.Record{Topic: topic, Offset: 5, Key: []byte(key), Value: []byte(payload), Timestamp: time.UnixMilli(999_000)}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return partitions.Record{Record: r}
}

func header(headers []kgo.RecordHeader, key string) string {
	value := ""
	for _, h := range headers {
		if h.Key == key {
			value = string(h.Value)
		}
	}
	return value
}

// repartitioned is what a re-keyed record looks like to the reader of the repartition topic.
func repartitioned(r *kgo.Record) partitions.Record {
	clone := *r
	return partitions.Record{Record: &clone}
}

func TestEventsAreFoldedIntoTheirRow(t *testing.T) {
	d := newDesk(t)
	d.do(event("k a"), event("k b"))
	require.Equal(t, "a\nb\n", string(d.window.rows["c1"]))
	h := d.window.headers["c1"]
	require.Equal(t, []string{"Note", "text/plain", "cart/c1/3", "3", "1970-01-01T00:16:39.000Z", "00-1-2-01"}, []string{
		header(h, records.Type), header(h, records.ContentType), header(h, records.RowSource), header(h, records.Sequence),
		header(h, records.Time), header(h, records.TraceParent),
	})
	require.Contains(t, d.window.tallies, partitions.Tally{Kind: partitions.RowWritten, RecordTimeMS: 999_000})
	seen := d.behavior.seen[0]
	require.Equal(t, []any{"cart", "c1", int64(3), "Noted", int64(999_000), "app/7"},
		[]any{seen.Entity, seen.EntityID, seen.Sequence, seen.Type, seen.NowMS, seen.CausationID})
}

func TestEventsAreRekeyedAsTheyAre(t *testing.T) {
	d := newDesk(t, keyed, func(d *Definition) { d.Topics.Partitions = 12 })
	in := event("alice a")
	d.do(in)
	out := d.window.outputs[partitions.OutputRepartition]
	require.Equal(t, []*kgo.Record{{
		Topic: "shop.notes.repartition", Partition: records.Partition([]byte("alice"), 12), Key: []byte("alice"), Value: in.Value,
		Headers: in.Headers, Timestamp: in.Timestamp,
	}}, out)
	require.Empty(t, d.window.rows)

	d.processor.shard = out[0].Partition
	d.do(repartitioned(out[0]))
	require.Equal(t, "a\n", string(d.window.rows["alice"]))
	require.Equal(t, "c1", d.behavior.seen[0].EntityID)
	require.Equal(t, "cart/c1/3", header(d.window.headers["alice"], records.RowSource))
}

func TestDeletedRowLeavesATombstoneThatNamesTheEvent(t *testing.T) {
	d := newDesk(t)
	d.do(event("k a"), event("k delete"))
	require.Equal(t, []string{"c1"}, d.window.deletes)
	require.Equal(t, "cart/c1/3", header(d.window.headers["c1"], records.RowSource))
}

func TestRowThatIsNotThereNeedsNoTombstone(t *testing.T) {
	d := newDesk(t)
	d.do(event("k delete"))
	require.Empty(t, d.window.deletes)
	require.Empty(t, d.window.tallies)
}

func TestIdenticalRowIsWrittenAgain(t *testing.T) {
	d := newDesk(t)
	d.do(event("k a"), event("k same"))
	require.Equal(t, 2, d.window.puts, "its headers tell of the newer event")
}

func TestEmptyRowIsARow(t *testing.T) {
	d := newDesk(t)
	d.window.rows["c1"] = []byte{}
	d.do(event("k same"))
	require.Equal(t, 1, d.window.puts)
	require.Empty(t, d.window.deletes)
}

func TestAHotRowIsReadFromTheStoreOnce(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		d.do(event("k a"), event("k delete"), event("k b"))
	}
	require.Equal(t, "b\n", string(d.window.rows["c1"]), "deleted rows are known to be none")
	require.Equal(t, 1, d.window.gets)
}

func TestRowsThatWereDroppedAreReadAgain(t *testing.T) {
	d := newDesk(t)
	d.do(event("k a"))
	d.window.rows["c1"] = []byte("before\n")
	d.processor.Dropped()
	d.do(event("k a"))
	require.Equal(t, "before\na\n", string(d.window.rows["c1"]))
}

func TestRowsInMemoryAreBounded(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.CacheBytes = 4 << 10 })
	for i := range 100 {
		r := event("k " + strings.Repeat("x", 100))
		r.Key = []byte(strconv.Itoa(i))
		d.do(r)
		require.LessOrEqual(t, d.processor.rows.Bytes(), 4<<10)
	}
	require.Len(t, d.window.rows, 100)
}

func TestARowInMemoryTakesItsOwnRoomOnly(t *testing.T) {
	p := newDesk(t).processor
	for i := range 100 {
		p.hold(strconv.AppendInt(nil, int64(i), 10), make([]byte, 1, 100_000))
	}
	row, ok := p.rows.Get([]byte("99"))
	require.True(t, ok)
	require.Less(t, cap(row), 100)
	p.hold([]byte("none"), nil)
	row, ok = p.rows.Get([]byte("none"))
	require.True(t, ok)
	require.Nil(t, row)
	p.hold([]byte("empty"), make([]byte, 0, 100))
	row, ok = p.rows.Get([]byte("empty"))
	require.True(t, ok)
	require.NotNil(t, row, "an empty row is a row")
}

func TestUnwantedEventsArePassedOver(t *testing.T) {
	d := newDesk(t)
	r := event("k a")
	r.Headers = []kgo.RecordHeader{{Key: records.Type, Value: []byte("Other")}}
	d.do(r)
	require.Empty(t, d.window.rows)
	require.Empty(t, d.window.all())
}

func TestRowKeyMustBeAKey(t *testing.T) {
	for key, code := range map[string]entities.FailureCode{"": entities.NoKey, strings.Repeat("k", 1025): entities.KeyTooLong} {
		d := newDesk(t, keyed)
		d.do(event(key+" a"), event("bob b"))
		d.deadLetter(code)
		require.Len(t, d.window.outputs[partitions.OutputRepartition], 1, "the next one goes on")

		d = newDesk(t)
		r := event("k a")
		r.Key = []byte(key)
		d.do(r)
		d.deadLetter(code)
	}
}

func TestRowTooLargeIsDeadLettered(t *testing.T) {
	d := newDesk(t)
	d.window.rows["c1"] = []byte(strings.Repeat("x", 3000))
	d.do(event("k " + strings.Repeat("y", 1000)))
	d.deadLetter(entities.SizeLimit)
	require.Zero(t, d.window.puts)
}

func TestHeadersOfARowCount(t *testing.T) {
	d := newDesk(t)
	r := event("k a")
	r.Headers = append(r.Headers, kgo.RecordHeader{Key: records.TraceParent, Value: make([]byte, 5000)})
	d.do(r)
	d.deadLetter(entities.SizeLimit)
}

func TestFailingFunctionIsDeadLetteredAndTheNextEventGoesOn(t *testing.T) {
	d := newDesk(t)
	bad := event("k fail")
	d.do(event("k a"), bad, event("k b"))
	dead := d.deadLetter(entities.StepLimit)
	require.Equal(t, "notes.star:2:1: too many steps", header(dead.Headers, records.DeadLetterMessage))
	require.Equal(t, []string{"notes", "v7", "3"}, []string{
		header(dead.Headers, records.DeadLetterComponent), header(dead.Headers, records.DeadLetterHandler), header(dead.Headers, records.Sequence),
	})
	require.Equal(t, []string{"shop.dead-letters", "c1", "k fail"}, []string{dead.Topic, string(dead.Key), string(dead.Value)})
	require.Equal(t, "a\nb\n", string(d.window.rows["c1"]))

	d = newDesk(t, keyed)
	d.do(event("keyless"), event("bob b"))
	d.deadLetter(entities.BehaviorError)
	require.Len(t, d.window.outputs[partitions.OutputRepartition], 1)
}

func TestEventWhoseOutputTheBrokerRefusedIsDeadLettered(t *testing.T) {
	for _, change := range []func(*Definition){keyed, func(*Definition) {}} {
		d := newDesk(t, change)
		r := event("k a")
		r.Refused = "shop.notes/0: INVALID_RECORD"
		d.do(r)
		require.Contains(t, header(d.deadLetter(entities.Refused).Headers, records.DeadLetterMessage), "INVALID_RECORD")
		require.Zero(t, d.window.puts)
		require.Empty(t, d.window.outputs[partitions.OutputRepartition])
	}
}

func TestForeignEventNamesItsTypeInside(t *testing.T) {
	d := newDesk(t)
	d.do(foreign("billing.events", "i1", ` {"type":"org.billing.Noted","n":1} `))
	require.Len(t, d.behavior.seen, 1)
	seen := d.behavior.seen[0]
	require.Equal(t, []any{"", "i1", int64(0), "Noted"}, []any{seen.Entity, seen.EntityID, seen.Sequence, seen.Type})
	require.Equal(t, []kgo.RecordHeader{
		{Key: records.Type, Value: []byte("Note")}, {Key: records.ContentType, Value: []byte("text/plain")},
	}, d.window.headers["i1"])
}

func TestForeignEventKeepsItsKeyWhenRekeyed(t *testing.T) {
	d := newDesk(t, keyed)
	in := foreign("billing.events", "i1", `{"type":"Noted"} x`, records.Type, "org.billing.Noted", records.Sequence, "99999999999999999999")
	d.do(in)
	out := d.window.outputs[partitions.OutputRepartition][0]
	require.Len(t, in.Headers, 2)
	d.do(repartitioned(out))
	require.Equal(t, "i1", d.behavior.seen[0].EntityID)
	require.Zero(t, d.behavior.seen[0].Sequence)
}

func TestForeignSubjectIsKept(t *testing.T) {
	d := newDesk(t, keyed)
	d.do(foreign("billing.events", "i1", "k a", records.Type, "Noted", records.Subject, "invoice-1"))
	d.do(repartitioned(d.window.outputs[partitions.OutputRepartition][0]))
	require.Equal(t, "invoice-1", d.behavior.seen[0].EntityID)
}

func TestEventWithoutATypeIsDeadLettered(t *testing.T) {
	for _, payload := range []string{"\x00\x00\x00\x00\x07avro", `{"n":1}`, `{"type":7}`, "{broken"} {
		d := newDesk(t)
		d.do(foreign("billing.events", "i1", payload))
		d.deadLetter(entities.UnknownType)
	}
}

func TestForeignTombstoneIsPassedOver(t *testing.T) {
	d := newDesk(t)
	r := foreign("billing.events", "i1", "")
	r.Value = nil
	d.do(r)
	require.Empty(t, d.window.all())
}

func TestRowOfAnotherShardIsNotWrittenTwice(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.Topics.Partitions = 12 })
	d.processor.shard = (records.Partition([]byte("c1"), 12) + 1) % 12
	d.do(event("k a"))
	d.deadLetter(entities.Misrouted)
	require.Zero(t, d.window.puts)
}

var errDisk = errors.New("the disk is gone")

func TestStoreThatFailsStopsTheShard(t *testing.T) {
	d := newDesk(t)
	d.window.getFails = errDisk
	require.ErrorIs(t, d.processor.Process(d.window, []partitions.Record{event("k a")}), errDisk)
}

func TestEventWaitsForWhatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := newDesk(t, func(d *Definition) {
			d.Prepare = func(context.Context, entities.Payload) error {
				if tries++; tries < 8 {
					return errDisk
				}
				return nil
			}
		})
		d.do(event("k a"))
		require.Equal(t, "a\n", string(d.window.rows["c1"]))
		require.Empty(t, d.window.all())
	})
}

func TestStoredRowIsPreparedToo(t *testing.T) {
	var prepared []string
	d := newDesk(t, func(d *Definition) {
		d.Prepare = func(_ context.Context, payload entities.Payload) error {
			prepared = append(prepared, payload.ContentType+" "+string(payload.Data))
			return nil
		}
	})
	d.do(event("k a"), event("k b"))
	require.Equal(t, []string{"text/plain k a", "text/plain k b", "text/plain a\n"}, prepared)
}

func TestInputsOfAKeyedProjectionIncludeItsRepartitionTopic(t *testing.T) {
	d := Definition{Topics: topics.Context{Name: "shop", Partitions: 3}, Name: "notes", Behavior: &lines{}, Sources: []string{"shop.cart.events"}, Keyed: true}
	c := d.Component(t.Context())
	require.Equal(t, []partitions.Input{{Topic: "shop.cart.events"}, {Topic: "shop.notes.repartition", Purge: true}}, c.Inputs)
	require.Equal(t, "shop.notes", c.Changelog)
	d.Keyed = false
	require.Len(t, d.Component(t.Context()).Inputs, 1)
}

package projections

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// words is the stream under test: a payload "key a b" leads to the messages "a" and "b" of that key; "fail" fails.
type words struct{ seen []behaviors.Event }

func (*words) Wants(eventType string) bool { return eventType == "Noted" }

func (b *words) Write(_ context.Context, e *behaviors.Event) ([]behaviors.Message, *entities.Failure) {
	b.seen = append(b.seen, *e)
	key, texts, _ := strings.Cut(string(e.Payload.Data), " ")
	var messages []behaviors.Message
	for _, text := range strings.Fields(texts) {
		if text == "fail" {
			return nil, &entities.Failure{Code: entities.StepLimit, Message: "words.star:2:1: too many steps"}
		}
		messages = append(messages, behaviors.Message{Key: key, Type: "Word", Payload: entities.Payload{Data: []byte(text), ContentType: "text/plain"}})
	}
	return messages, nil
}

// A streamDesk is a stream's task with its window.
type streamDesk struct {
	t        *testing.T
	streamer *streamer
	window   *window
	behavior *words
}

func newStreamDesk(t *testing.T, change ...func(*Stream)) *streamDesk {
	t.Helper()
	b := &words{}
	d := Stream{
		Topics: topics.Context{Name: "shop", Partitions: 12}, Name: "words", Behavior: b, Sources: []string{"shop.cart.events"}, To: "shop.words",
		Version: "v7", MaxRecordBytes: 4096,
	}
	for _, c := range change {
		c(&d)
	}
	return &streamDesk{t: t, streamer: newStreamer(t.Context(), d, 3), window: &window{}, behavior: b}
}

func (d *streamDesk) do(recs ...partitions.Record) []*kgo.Record {
	d.t.Helper()
	require.NoError(d.t, d.streamer.Process(d.window, recs))
	return d.window.outputs[partitions.OutputMessage]
}

func (d *streamDesk) deadLetter(reason entities.FailureCode) *kgo.Record {
	d.t.Helper()
	dead := d.window.outputs[partitions.OutputDeadLetter]
	require.Len(d.t, dead, 1)
	require.Equal(d.t, string(reason), header(dead[0].Headers, records.DeadLetterReason))
	require.Contains(d.t, d.window.tallies, partitions.Tally{
		Kind: partitions.DeadLettered, Label: string(reason), Detail: header(dead[0].Headers, records.DeadLetterMessage),
	})
	return dead[0]
}

func texts(recs []*kgo.Record) []string {
	var list []string
	for _, r := range recs {
		list = append(list, string(r.Value))
	}
	return list
}

func TestAnEventLeadsToNoneOneOrSeveralMessages(t *testing.T) {
	d := newStreamDesk(t)
	out := d.do(event("k"), event("k a"), event("l b c"))
	require.Equal(t, []string{"a", "b", "c"}, texts(out))
	require.Empty(t, d.window.outputs[partitions.OutputDeadLetter])
	require.Equal(t, "l", string(out[2].Key))
	written := partitions.Tally{Kind: partitions.MessageWritten, RecordTimeMS: 999_000}
	require.Equal(t, []partitions.Tally{written, written, written}, d.window.tallies)
}

func TestAMessageTellsWhichEventItFollowsFrom(t *testing.T) {
	in := event("k a b")
	in.Headers = append(in.Headers, kgo.RecordHeader{Key: records.Source, Value: []byte("shop")}, kgo.RecordHeader{Key: records.Correlation, Value: []byte("web/1")})
	out := newStreamDesk(t).do(in)
	require.Equal(t, []kgo.RecordHeader{
		{Key: records.SpecVersion, Value: []byte("1.0")},
		{Key: records.ID, Value: []byte("words/cart/c1/3/2")},
		{Key: records.Type, Value: []byte("Word")},
		{Key: records.Source, Value: []byte("shop")},
		{Key: records.Subject, Value: []byte("k")},
		{Key: records.Time, Value: []byte("1970-01-01T00:16:39.000Z")},
		{Key: records.ContentType, Value: []byte("text/plain")},
		{Key: records.Causation, Value: []byte("cart/c1/3")},
		{Key: records.Correlation, Value: []byte("web/1")},
		{Key: records.TraceParent, Value: []byte("00-1-2-01")},
	}, out[1].Headers)
	require.True(t, out[1].Timestamp.IsZero(), "it is written now, whenever the event was")
	require.Equal(t, out, newStreamDesk(t).do(in), "written again it is the same")
}

func TestAMessageOfAForeignEventTellsWhereThatWas(t *testing.T) {
	d := newStreamDesk(t)
	out := d.do(foreign("billing.payments", "p1", "k a", records.Type, "Noted"))
	require.Equal(t, []string{"billing.payments/0/5", "billing.payments/0/5", "words/billing.payments/0/5/1", "1970-01-01T00:16:39Z"}, []string{
		header(out[0].Headers, records.Causation), header(out[0].Headers, records.Correlation), header(out[0].Headers, records.ID),
		header(out[0].Headers, records.Time),
	})
	out = d.do(foreign("billing.payments", "p1", "k a", records.Type, "Noted", records.ID, "7", records.Source, "bank"))
	require.Equal(t, "bank/7", header(out[1].Headers, records.Causation))
}

func TestTheKeyDecidesThePartitionOfTheTopicThatIsWrittenTo(t *testing.T) {
	for to, n := range map[string]int32{"shop.words": 12, "audit.orders": 3} {
		d := newStreamDesk(t, func(s *Stream) { s.To = to })
		for _, r := range d.do(event("alice a"), event("bob b"), event("carol c")) {
			require.Equal(t, to, r.Topic)
			require.Equal(t, records.Partition(r.Key, n), r.Partition)
		}
	}
}

func TestAMessageWithoutAGoodKeyIsDeadLetteredWithAllOfItsEvent(t *testing.T) {
	for key, code := range map[string]entities.FailureCode{"": entities.NoKey, strings.Repeat("k", 1025): entities.KeyTooLong} {
		d := newStreamDesk(t)
		require.Equal(t, []string{"c"}, texts(d.do(event(key+" a b"), event("bob c"))))
		dead := d.deadLetter(code)
		require.Equal(t, []string{"c1", key + " a b", "words", "v7", "3"}, []string{
			string(dead.Key), string(dead.Value), header(dead.Headers, records.DeadLetterComponent), header(dead.Headers, records.DeadLetterHandler),
			header(dead.Headers, records.Sequence),
		})
		require.EqualValues(t, 3, dead.Partition)
	}
}

func TestAMessageTooLargeIsDeadLetteredWithAllOfItsEvent(t *testing.T) {
	d := newStreamDesk(t)
	require.Equal(t, []string{"c"}, texts(d.do(event("k a "+strings.Repeat("y", 4096)), event("k c"))))
	d.deadLetter(entities.SizeLimit)
}

func TestTooManyMessagesAreDeadLettered(t *testing.T) {
	d := newStreamDesk(t)
	require.Len(t, d.do(event("k"+strings.Repeat(" a", 1000))), 1000)
	require.Len(t, d.do(event("k"+strings.Repeat(" a", 1001))), 1000)
	d.deadLetter(entities.SizeLimit)
}

func TestAStreamThatFailsGoesOnWithTheNextEvent(t *testing.T) {
	d := newStreamDesk(t)
	require.Equal(t, []string{"a", "c"}, texts(d.do(event("k a"), event("k b fail"), event("k c"))))
	d.deadLetter(entities.StepLimit)
}

func TestAnEventWhoseMessageTheBrokerRefusedIsDeadLettered(t *testing.T) {
	d := newStreamDesk(t)
	r := event("k a")
	r.Refused = "shop.words/0: MESSAGE_TOO_LARGE"
	require.Empty(t, d.do(r))
	require.Contains(t, header(d.deadLetter(entities.Refused).Headers, records.DeadLetterMessage), "MESSAGE_TOO_LARGE")
}

func TestAStreamHasNoStore(t *testing.T) {
	c := newStreamDesk(t).streamer.definition.Component(t.Context())
	require.Equal(t, partitions.ReadSide, c.Side)
	require.Empty(t, c.Changelog)
	require.Equal(t, []partitions.Input{{Topic: "shop.cart.events"}}, c.Inputs)
	require.Equal(t, []string{"shop.words"}, c.Targets)
}

func TestAProjectionThatStopsNamesTheEventAndTheMend(t *testing.T) {
	d := newStreamDesk(t, func(s *Stream) { s.OnFailure, s.Topics.Folder = entities.Stop, "examples/shop" })
	good, bad, later := event("k a"), event("k fail"), event("k c")
	good.Offset, bad.Offset, later.Offset = 4, 5, 6
	recs := []partitions.Record{good, bad, later}
	err := d.streamer.Process(d.window, recs)
	var stop *partitions.StopError
	require.ErrorAs(t, err, &stop)
	require.Same(t, &recs[1], stop.Before)
	require.Equal(t, "words stopped before the event cart/c1/3 (shop.cart.events/0/5): step-limit: words.star:2:1: too many steps; mend it and start the "+
		"processors anew, or, to go on without the event, run: processor projections examples/shop skip words", err.Error())
	require.Equal(t, []string{"a"}, texts(d.window.outputs[partitions.OutputMessage]))
	require.Empty(t, d.window.outputs[partitions.OutputDeadLetter])
	require.Len(t, d.window.tallies, 1)
}

func TestATableThatStopsNamesTheTopicThatItsEventWasReadFrom(t *testing.T) {
	d := newDesk(t, keyed, func(d *Definition) { d.OnFailure = entities.Stop })
	d.do(event("alice fail"))
	r := repartitioned(d.window.outputs[partitions.OutputRepartition][0])
	err := d.processor.Process(d.window, []partitions.Record{r})
	require.ErrorContains(t, err, "notes stopped before the event cart/c1/3 (shop.notes.repartition/0/0)")
	require.ErrorContains(t, err, "run: processor projections DIR skip notes")
	r.MayFail = true
	require.NoError(t, d.processor.Process(d.window, []partitions.Record{r}), "an operator lets it pass")
	require.Len(t, d.window.outputs[partitions.OutputDeadLetter], 1)
}

func TestAnEventThatAnOperatorLetsPassCountsIfItDoesNotFailAnyMore(t *testing.T) {
	d := newDesk(t, keyed, func(d *Definition) { d.OnFailure = entities.Stop })
	d.do(event("alice good"))
	r := repartitioned(d.window.outputs[partitions.OutputRepartition][0])
	r.MayFail = true
	require.NoError(t, d.processor.Process(d.window, []partitions.Record{r}))
	require.Len(t, d.window.tallies, 1)
	require.Empty(t, d.window.outputs[partitions.OutputDeadLetter])
}

package pubsub

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// payments sends what the message says: "entity/id", or "context.entity/id"; "fail" fails.
type payments struct{}

func (payments) Wants(name string) bool { return name == "Paid" }

func (payments) Handle(_ context.Context, m *behaviors.Event) (entities.Messages, *entities.Failure) {
	text := string(m.Payload.Data)
	if text == "fail" {
		return entities.Messages{}, &entities.Failure{Code: entities.BehaviorError, Message: "payments.star:2:1: as asked"}
	}
	to, id, _ := strings.Cut(text, "/")
	s := entities.Send{Entity: to, ID: id, Type: "MarkPaid"}
	if other, entity, foreign := strings.Cut(to, "."); foreign {
		s.Context, s.Entity = other, entity
	}
	return entities.Messages{Sends: []entities.Send{s}, Publications: []entities.Publication{{Name: "notes", Key: m.EntityID, Type: "Noted"}}}, nil
}

// A window keeps what was produced and counted.
type window struct {
	partitions.Window
	out     map[partitions.OutputKind][]*kgo.Record
	tallies []partitions.Tally
	away    error
}

func (w *window) NowMS() int64 { return 5000 }

func (w *window) Produce(_ *partitions.Record, kind partitions.OutputKind, r *kgo.Record) {
	w.out[kind] = append(w.out[kind], r)
}

func (w *window) Partitions(string) (int32, error) { return 0, w.away }

func (w *window) Count(t partitions.Tally) { w.tallies = append(w.tallies, t) }

func (w *window) counted(kind partitions.TallyKind) int {
	n := 0
	for _, t := range w.tallies {
		if t.Kind == kind {
			n++
		}
	}
	return n
}

func message(value string, headers ...string) partitions.Record {
	r := &kgo.Record{Topic: "billing.payments", Partition: 9, Offset: 4, Key: []byte("k"), Timestamp: time.UnixMilli(1000)}
	if value != "" {
		r.Value = []byte(value)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return partitions.Record{Record: r}
}

func handled(t *testing.T, recs ...partitions.Record) (*window, error) {
	t.Helper()
	c := Subscription{Topics: topics.Context{Name: "shop", Partitions: 4}, Name: "payments", Topic: "billing.payments", Behavior: payments{}, Version: "v1"}.Component(t.Context())
	w := &window{out: map[partitions.OutputKind][]*kgo.Record{}}
	if len(recs) > 0 && string(recs[0].Value) == "away.x/1" {
		w.away = errors.New("no broker answers")
	}
	return w, c.New(1).Process(w, recs)
}

func headersOf(r *kgo.Record) map[string]string {
	got := map[string]string{}
	for _, h := range r.Headers {
		got[h.Key] = string(h.Value)
	}
	return got
}

func TestMessageBecomesCommandsAndPublications(t *testing.T) {
	w, err := handled(t, message("cart/c1", records.Type, "billing.Paid", records.Source, "billing", records.ID, "77", records.TraceParent, "00-1-2-01"))
	require.NoError(t, err)
	sent := w.out[partitions.OutputSend]
	require.Len(t, sent, 1)
	require.Equal(t, []string{"shop.cart.commands", "c1"}, []string{sent[0].Topic, string(sent[0].Key)})
	require.Equal(t, records.Partition([]byte("c1"), 4), sent[0].Partition)
	got := headersOf(sent[0])
	require.Equal(t, []string{"MarkPaid", "billing/77", "billing/77", "1", "payments", "00-1-2-01"}, []string{
		got[records.Type], got[records.Causation], got[records.Correlation], got[records.Hops], got[records.Sender], got[records.TraceParent],
	})
	published := w.out[partitions.OutputPublication]
	require.Len(t, published, 1)
	require.Equal(t, "payments/billing/77/0", headersOf(published[0])[records.ID])
	require.Equal(t, 1, w.counted(partitions.MessageHandled))
}

func TestMessageWithoutAnIDIsNamedByItsPlace(t *testing.T) {
	w, err := handled(t, message("cart/c1", records.Type, "Paid"))
	require.NoError(t, err)
	require.Equal(t, "billing.payments/9/4", headersOf(w.out[partitions.OutputSend][0])[records.Causation])
}

func TestWhatNoFunctionWantsIsPassedAndCounted(t *testing.T) {
	w, err := handled(t, message("cart/c1", records.Type, "Refunded"), message("", records.Type, "Paid"), message(`{"type":"Chargeback"}`))
	require.NoError(t, err)
	require.Empty(t, w.out)
	require.Equal(t, 3, w.counted(partitions.MessagePassed))
}

func TestMessageThatCannotBeHandledIsADeadLetterAndTheNextGoesOn(t *testing.T) {
	refused := message("cart/c1", records.Type, "Paid")
	refused.Refused = "shop.cart.commands/1: MESSAGE_TOO_LARGE"
	w, err := handled(t,
		message("fail", records.Type, "Paid"), message("no type"), message("cart/", records.Type, "Paid"), message("audit.log/1", records.Type, "Paid"),
		message("cart/c1", records.Type, "Paid", records.Hops, "101"), refused, message("cart/c1", records.Type, "Paid"),
	)
	require.NoError(t, err)
	reasons := []string{}
	for _, dead := range w.out[partitions.OutputDeadLetter] {
		got := headersOf(dead)
		require.Equal(t, []string{"shop.dead-letters", "payments"}, []string{dead.Topic, got[records.DeadLetterComponent]})
		reasons = append(reasons, got[records.DeadLetterReason])
	}
	require.Equal(t, []string{"behavior", "unknown-type", "no-key", "unknown-target", "hop-limit", "refused"}, reasons)
	require.Len(t, w.out[partitions.OutputSend], 1)
}

func TestMessageIsHandledAgainWhenNoBrokerTellsOfItsTarget(t *testing.T) {
	w, err := handled(t, message("away.x/1", records.Type, "Paid"))
	require.EqualError(t, err, "no broker answers")
	require.Empty(t, w.out[partitions.OutputDeadLetter])
}

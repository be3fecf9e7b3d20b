package partita_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
)

type (
	Invoice struct {
		Cents int64 `avro:"cents,default=0"`
	}
	Pay struct {
		Cents int64 `avro:"cents"`
	}
	Paid struct {
		Cents int64 `avro:"cents"`
	}
	// Receipt is a message of this context, as Letter is; PaymentReceived is one of others.
	Receipt struct {
		Cents int64 `avro:"cents"`
	}
	Letter struct {
		Text string `avro:"text"`
	}
	PaymentReceived struct {
		Invoice string `avro:"invoice"`
		Cents   int64  `avro:"cents"`
	}
)

var invoice = typed.NewEntity("invoice",
	typed.On(func(i Invoice, c Pay, ctx typed.Context) typed.Effects {
		return typed.Emit(Paid(c)).And(typed.Publish("receipts", ctx.EntityID, Receipt{Cents: i.Cents + c.Cents}))
	}),
	typed.Apply(func(i *Invoice, e Paid) { i.Cents += e.Cents }),
)

var receipts = typed.NewPublication("receipts", typed.Message[Receipt]())

var payments = typed.NewSubscription("payments", "bank.payments",
	typed.OnMessage(func(m PaymentReceived, _ typed.MessageContext) typed.Effects {
		return typed.Send("invoice", m.Invoice, Pay{Cents: m.Cents})
	}),
).Start(typed.Start{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})

// thanks hears its own context, and publishes itself.
var thanks = typed.NewSubscription("thanks", "math.receipts",
	typed.OnMessage(func(_ Receipt, ctx typed.MessageContext) typed.Effects {
		return typed.Publish("letters", ctx.Key, Letter{Text: "thank you"})
	}),
)

var letters = typed.NewPublication("letters", typed.Message[Letter]())

// nextAs is the next record of a topic that the client reads, as M.
func nextAs[M any](t *testing.T, cl *kgo.Client) (message M) {
	t.Helper()
	for {
		for _, r := range cl.PollRecords(t.Context(), 1).Records() {
			_, err := avro.MustSchemaFor[M]().DecodeSingleObject(r.Value, &message)
			require.NoError(t, err)
			return message
		}
		require.NoError(t, t.Context().Err())
	}
}

func TestMessagesAreHeardAndPublished(t *testing.T) {
	broker := startBroker(t)
	reader := func(topic string) *kgo.Client {
		cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
		require.NoError(t, err)
		t.Cleanup(cl.Close)
		return cl
	}
	published, answered := reader("math.receipts"), reader("math.letters")
	_, err := kadm.NewClient(published).CreateTopic(t.Context(), 3, 1, nil, "bank.payments")
	require.NoError(t, err)
	for _, year := range []int{2025, 2026, 2027} { // The first one is before the subscription begins.
		require.NoError(t, published.ProduceSync(t.Context(), &kgo.Record{
			Topic: "bank.payments", Key: []byte("ann"), Value: []byte(`{"type":"PaymentReceived","invoice":"i1","cents":8}`),
			Timestamp: time.Date(year, 2, 1, 0, 0, 0, 0, time.UTC),
		}).FirstErr())
	}
	stop := start(t, broker, t.TempDir(), thanks, payments, letters, receipts, invoice)
	for _, want := range []Receipt{{8}, {16}} {
		require.Equal(t, want, nextAs[Receipt](t, published))
		require.Equal(t, Letter{"thank you"}, nextAs[Letter](t, answered))
	}
	require.NoError(t, stop())
}

func TestTopicsOfTheContextThatAreNotForSubscribersAreRefused(t *testing.T) {
	hear := typed.OnMessage(func(Paid, typed.MessageContext) typed.Effects { return typed.Effects{} })
	parts := []typed.Part{
		invoice, receipts, typed.NewSubscription("events", "math.invoice.events", hear), typed.NewSubscription("spy", "math.invoice.commands", hear),
	}
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: parts}, partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, "subscription spy: topic math.invoice.commands is this context's own: of its topics the publications and the events of its entities "+
		"can be subscribed to: math.receipts, math.invoice.events")
}

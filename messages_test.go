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

// Tally counts what comes from the street.
type Tally struct {
	N int64 `avro:"n,default=0"`
}

// Noise is a message of others, Tallied one of this context.
type (
	Noise struct {
		N int64 `avro:"n"`
	}
	Tallied struct {
		N int64 `avro:"n"`
	}
)

func tally() []typed.Part {
	return []typed.Part{
		typed.NewEntity("tally",
			typed.On(func(t Tally, c Add, _ typed.Context) typed.Effects {
				return typed.Emit(Added(c)).And(typed.Publish("tallies", "street", Tallied{t.N + c.N}))
			}),
			typed.Apply(func(t *Tally, e Added) { t.N += e.N })),
		typed.NewPublication("tallies", typed.Message[Tallied]()),
		typed.NewSubscription("ear", "street.noise", typed.OnMessage(func(m Noise, ctx typed.MessageContext) typed.Effects {
			return typed.Send("tally", ctx.Key, Add(m))
		})).Start(typed.Start{At: time.UnixMilli(2000)}),
		// It hears its own context, until there are ten.
		typed.NewSubscription("echo", "math.tallies", typed.OnMessage(func(m Tallied, ctx typed.MessageContext) typed.Effects {
			if m.N >= 10 {
				return typed.Effects{}
			}
			return typed.Send("tally", ctx.Key, Add{N: 1})
		})),
	}
}

func TestMessagesAreHeardAndPublished(t *testing.T) {
	broker := startBroker(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics("math.tallies"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	_, err = kadm.NewClient(cl).CreateTopic(t.Context(), 3, 1, nil, "street.noise")
	require.NoError(t, err)
	for _, atMS := range []int64{1000, 3000} { // The first one is before the subscription begins.
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{
			Topic: "street.noise", Key: []byte("street"), Value: []byte(`{"type":"Noise","n":8}`), Timestamp: time.UnixMilli(atMS),
		}).FirstErr())
	}
	stop := start(t, broker, t.TempDir(), tally()...)
	schema := avro.MustSchemaFor[Tallied]()
	for want := int64(8); want <= 10; {
		for _, r := range cl.PollRecords(t.Context(), 1).Records() {
			var got Tallied
			_, err := schema.DecodeSingleObject(r.Value, &got)
			require.NoError(t, err)
			require.Equal(t, Tallied{want}, got)
			want++
		}
		require.NoError(t, t.Context().Err())
	}
	require.NoError(t, stop())
}

func TestTopicsOfTheContextThatAreNotForSubscribersAreRefused(t *testing.T) {
	hear := typed.OnMessage(func(Noise, typed.MessageContext) typed.Effects { return typed.Effects{} })
	parts := append(tally(), typed.NewSubscription("events", "math.tally.events", hear), typed.NewSubscription("spy", "math.tally.commands", hear))
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: parts}, partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, "subscription spy: topic math.tally.commands is this context's own: of its topics the publications and the events of its entities "+
		"can be subscribed to: math.tallies, math.tally.events")
}

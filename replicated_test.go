package partita_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

type (
	Visit struct {
		Times int64 `avro:"times,default=0"`
	}
	Come struct {
		Tag string `avro:"tag"`
	}
	Came struct {
		Tag string `avro:"tag"`
		// Before is how many were known to be there.
		Before int64 `avro:"before"`
	}
	Seen struct {
		Visitors int64    `avro:"visitors,default=0"`
		Tags     []string `avro:"tags,default=[]"`
	}
)

var (
	visitors = typed.NewCounter("visitors")
	tags     = typed.NewSet[string]("tags")
	perTag   = typed.NewMap[typed.Counter]("per-tag")
)

var visit = typed.NewEntity("visit",
	typed.On(func(_ Visit, c Come, ctx typed.Context) typed.Effects {
		if visitors.Value(ctx) >= 1000 {
			return typed.Reject("full", "a thousand are here")
		}
		return typed.Emit(Came{Tag: c.Tag, Before: visitors.Value(ctx)}).
			And(visitors.Increment(1)).And(tags.Add(c.Tag)).And(perTag.At(c.Tag).Increment(1))
	}),
	typed.Apply(func(v *Visit, _ Came) { v.Times++ }),
)

var seen = typed.NewProjection("seen", typed.From(visit),
	typed.Fold(func(row *Seen, _ Came, ctx *typed.EventContext) {
		row.Visitors, row.Tags = visitors.Value(ctx), tags.Values(ctx)
	}),
)

func TestAVisitorIsCounted(t *testing.T) {
	v := typedtest.Entity(t, visit, "v1", visitors, tags, perTag).GivenReplicated(visitors.Increment(998), tags.Add("old"))
	v.When(Come{Tag: "new"}).
		Then(Came{Tag: "new", Before: 998}).
		ThenReplicated(visitors.Increment(1), tags.Add("new"), perTag.At("new").Increment(1))
	v.When(Come{Tag: "new"}, Come{Tag: "new"}).ThenRejected("full")
}

func TestARowSaysWhatIsKnown(t *testing.T) {
	typedtest.Projection(t, seen, visit, visitors, tags, perTag).GivenReplicated(visitors.Increment(3), tags.Add("old")).
		When("v1", Came{Tag: "new"}).Then(map[string]Seen{"v1": {Visitors: 3, Tags: []string{"old"}}})
}

// A process that starts has read all before it decides: what those of all shards have counted, also without anything on its disk.
func TestReplicatedValuesOutliveTheProcess(t *testing.T) {
	broker := startBroker(t)
	reader := func(topic string) *kgo.Client {
		cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
		require.NoError(t, err)
		t.Cleanup(cl.Close)
		return cl
	}
	events, rows := reader("math.visit.events"), reader("math.seen")
	come := func(id, tag string) Came {
		require.NoError(t, events.ProduceSync(t.Context(), &kgo.Record{
			Topic: "math.visit.commands", Key: []byte(id), Value: []byte(`{"type":"Come","tag":"` + tag + `"}`),
		}).FirstErr())
		return nextAs[Came](t, events)
	}
	stop := start(t, broker, t.TempDir(), visit, seen, visitors, tags, perTag)
	for _, id := range []string{"a", "b", "c", "d"} {
		come(id, "tag of "+id)
	}
	require.NoError(t, stop())

	stop = start(t, broker, t.TempDir(), visit, seen, visitors, tags, perTag)
	require.Equal(t, Came{Tag: "last", Before: 4}, come("e", "last"))
	var last Seen
	for range 5 {
		if row := nextAs[Seen](t, rows); row.Visitors > last.Visitors {
			last = row
		}
	}
	require.GreaterOrEqual(t, last.Visitors, int64(4))
	require.Subset(t, last.Tags, []string{"tag of a", "tag of b", "tag of c", "tag of d"})
	require.NoError(t, stop())
}

func TestAContextTellsWhatIsWrongWithItsReplicatedValues(t *testing.T) {
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: []typed.Part{
		visit, visitors, typed.NewFlag("visit"), typed.NewSet[int64]("Tags"), perTag.At("new"), typed.NewVote("replicated"),
	}}, partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, `replicated value "Tags": a name is at most 100 lower-case letters, digits and hyphens and begins with a letter
replicated value per-tag: what stands under a key of it is no part: give the map itself
replicated value replicated: the name is reserved (reserved are control, dead-letters, operations, parked, progress, replicated, replies, schemas)
replicated value visit: another part has this name`)
}

func TestEntitiesThatWouldBeTheSameReplicasAreRefused(t *testing.T) {
	// Their names are among the few that have the same number.
	gate := func(name string) typed.Part {
		type Gate struct{}
		return typed.NewEntity(name, typed.On(func(Gate, Add, typed.Context) typed.Effects { return visitors.Increment(1) }))
	}
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: []typed.Part{gate("visit-9"), gate("shipment-36"), visitors}},
		partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, "entities visit-9 and shipment-36 would be the same replicas of replicated values: give one of them another name")
}

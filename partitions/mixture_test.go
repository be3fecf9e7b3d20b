package partitions

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
)

func offering(instance, version string, shards []int32, components ...string) admin.Member {
	return admin.Member{Instance: instance, Shards: shards, Joined: true, Offer: client.Offer{Version: version, Components: components}}
}

func TestOneVersionIsNoMixture(t *testing.T) {
	e := groupOf("new", []string{"cart"}, []admin.Member{offering("a", "1", []int32{0}, "cart"), offering("b", "1", []int32{1}, "cart")})
	require.False(t, e.Mixed())
	require.Empty(t, e.Standing)
}

func TestAComponentThatAnOwnerLacksStandsStillOnItsShards(t *testing.T) {
	e := groupOf("new", []string{"cart", "totals"}, []admin.Member{
		offering("new", "2", []int32{3}, "cart", "totals"),
		offering("old", "1", []int32{1, 0}, "cart"),
		offering("older", "1", []int32{2}, "cart"),
		offering("idle", "1", nil, "cart"),
	})
	require.True(t, e.Mixed())
	require.Equal(t, 1, e.Held)
	require.Equal(t, map[string][]string{"1": {"idle", "old", "older"}, "2": {"new"}}, e.Versions)
	require.Equal(t, map[string][]int32{"totals": {0, 1, 2}}, e.Standing)
}

// echo copies what it reads.
type echo struct{ to string }

func (e echo) Process(w Window, recs []Record) error {
	for i := range recs {
		w.Produce(&recs[i], OutputEvent, &kgo.Record{Topic: e.to, Partition: recs[i].Partition, Key: recs[i].Key, Value: recs[i].Value})
	}
	return nil
}

func (echo) Dropped() {}

func TestAComponentThatIsNewWaitsOnShardsOfOldMembersAndLosesNothing(t *testing.T) {
	w := newWorld(t, 4)
	copies := Component{
		Name: "echo", Side: ReadSide, Inputs: []Input{{Topic: w.name + ".counter.events"}},
		New: func(int32) Processor { return echo{to: w.name + ".replies"} },
	}
	old := w.start("old")
	old.await(t, func(l *log) bool { return l.running == 4 })
	updated := w.start("updated", w.component(), copies)
	for _, in := range []*instance{old, updated} {
		in.await(t, func(l *log) bool { return len(l.group.Versions["of 1"]) == 1 && len(l.group.Versions["of 2"]) == 1 })
	}
	updated.await(t, func(l *log) bool { return len(l.group.Standing["echo"]) == 2 })
	require.Empty(t, old.events.group.Standing, "the old member knows of no other component")

	w.send(20, 10)
	w.awaitEvents(200)
	old.stop(t)
	updated.await(t, func(l *log) bool { return !l.group.Mixed() && len(l.group.Standing) == 0 && l.running == 4 })
	require.Len(t, w.awaitRecords("replies", 200), 200)
	updated.stop(t)
}

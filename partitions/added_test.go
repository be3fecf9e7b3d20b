package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// addPartitions does what nobody should, while everything runs and afterwards.
func (b *bubble) addPartitions(count int, topics ...string) {
	for _, topic := range topics {
		answers, err := b.adm.UpdatePartitions(b.t.Context(), count, b.name+"."+topic)
		require.NoError(b.t, err)
		require.NoError(b.t, answers.Error())
	}
}

// commandOn sends a command to one partition.
func (b *bubble) commandOn(partition int32, key string) {
	p := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(10*time.Millisecond))
	defer p.Close()
	r := &kgo.Record{Topic: b.name + ".counter.commands", Partition: partition, Key: []byte(key)}
	require.NoError(b.t, p.ProduceSync(b.t.Context(), r).FirstErr())
	b.sent.Add(1)
}

// Every topic gets more partitions: the added ones of progress are no shards, whose tasks would read inputs that belong to others; those of an input
// are read by the shard q mod N, from their beginning, once.
func TestPartitionsAddedBehindOurBackAreNoShards(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		b.addPartitions(4, "progress", "counter.commands", "counter.changelog", "counter.events")
		pass(3 * time.Minute) // Clients have looked at the topics again.
		b.command(3)
		b.awaitAll()
		a.awaitRunning(b.t, 2)
		a.leave(b.t)

		a = b.begin("a")
		b.commandOn(2, "x")
		b.commandOn(3, "y")
		b.command(3)
		b.awaitAll()
		a.awaitRunning(b.t, 2)
		pass(time.Minute)
		require.Empty(b.t, a.events.stopped)
		require.Len(b.t, b.readAll("counter.events"), b.count())
	})
}

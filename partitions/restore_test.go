package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

func TestStoreGoesOnOnlyFromACheckpointThatTheLogStillHas(t *testing.T) {
	const now = int64(100 * 24 * time.Hour / time.Millisecond)
	day := int64(24 * time.Hour / time.Millisecond)
	good := statestore.Checkpoint{TopicID: [16]byte{1}, Position: 50, LeaderEpoch: 3, TimeMS: now}
	log := logFacts{topicID: [16]byte{1}, start: 10, end: 90, epochEnd: 70}
	for name, c := range map[string]struct {
		change func(*statestore.Checkpoint, *logFacts)
		reason string
	}{
		"as it was left":            {func(*statestore.Checkpoint, *logFacts) {}, ""},
		"at the end":                {func(c *statestore.Checkpoint, _ *logFacts) { c.Position, c.LeaderEpoch = 70, 3 }, ""},
		"topic made anew":           {func(_ *statestore.Checkpoint, l *logFacts) { l.topicID[0] = 2 }, "deleted and made again"},
		"truncated":                 {func(c *statestore.Checkpoint, _ *logFacts) { c.Position = 91 }, "truncated"},
		"truncated and written on":  {func(c *statestore.Checkpoint, _ *logFacts) { c.Position = 71 }, "epoch"},
		"epoch unknown":             {func(c *statestore.Checkpoint, l *logFacts) { c.Position, l.epochEnd = 71, -1 }, ""},
		"start has passed it":       {func(c *statestore.Checkpoint, _ *logFacts) { c.Position = 9 }, "before the start"},
		"older than tombstones":     {func(c *statestore.Checkpoint, _ *logFacts) { c.TimeMS = now - 4*day }, "deletions"},
		"clock went back":           {func(c *statestore.Checkpoint, _ *logFacts) { c.TimeMS = now + 400*day }, ""},
		"clock went ahead":          {func(c *statestore.Checkpoint, _ *logFacts) { c.TimeMS = now - 400*day }, "deletions"},
		"old, but nothing happened": {func(c *statestore.Checkpoint, l *logFacts) { c.TimeMS, l.end, l.epochEnd = now-40*day, 50, 50 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			checkpoint, facts := good, log
			c.change(&checkpoint, &facts)
			reason := whyRebuild(checkpoint, facts, now)
			if c.reason == "" {
				require.Empty(t, reason)
			} else {
				require.Contains(t, reason, c.reason)
			}
		})
	}
}

func TestGapInAnInputStopsItsTaskAndNamesTheMend(t *testing.T) {
	w := newWorld(t, 1)
	a := w.start("a")
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
	w.send(10, 10)
	w.deleteUpTo("counter.commands", 150)

	a = w.start("a")
	a.await(t, func(l *log) bool { return len(l.stopped) > 0 })
	var gap *GapError
	require.ErrorAs(t, a.events.stopped[0], &gap)
	require.EqualValues(t, 100, gap.Position)
	require.Contains(t, gap.Error(), "processor topics DIR --start counter="+w.name+".counter.commands/0:earliest", "the other partitions stay where they are")
	a.stop(t)
}

func TestTopicMadeAnewStopsItsTask(t *testing.T) {
	w := newWorld(t, 1)
	a := w.start("a")
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
	_, err := w.adm.DeleteTopic(t.Context(), w.name+".counter.commands")
	require.NoError(t, err)
	w.createTopic("counter.commands")
	// The position is one of the new topic's too, and what is before it there nobody has read.
	w.send(10, 20)

	a = w.start("a")
	a.await(t, func(l *log) bool { return len(l.stopped) > 0 })
	require.ErrorContains(t, a.events.stopped[0], "deleted and made again")
	require.ErrorContains(t, a.events.stopped[0], "processor topics DIR --start counter="+w.name+".counter.commands:earliest")
	a.stop(t)
}

func TestTopicMadeAnewUnderItsReaderStopsItsTasks(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		name := b.name + ".counter.commands"
		_, err := b.adm.DeleteTopic(b.t.Context(), name)
		require.NoError(b.t, err)
		pass(30 * time.Second)
		require.Empty(b.t, a.events.stopped, "it may come again as it was")
		b.createTopic("counter.commands")
		a.await(b.t, func(l *log) bool { return len(l.stopped) == 2 })
		for _, err := range a.events.stopped {
			require.ErrorContains(b.t, err, "deleted and made again")
			require.ErrorContains(b.t, err, "processor topics DIR --start counter="+name+":earliest")
		}
	})
}

func TestStoreWithoutAPositionRefusesToStartOver(t *testing.T) {
	w := newWorld(t, 1)
	a := w.start("a")
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
	w.forgetPosition("counter", "counter.commands", 0)

	a = w.start("a")
	a.await(t, func(l *log) bool { return len(l.stopped) > 0 })
	var noPosition *NoPositionError
	require.ErrorAs(t, a.events.stopped[0], &noPosition)
	a.stop(t)
}

func TestDeletedGroupChangesNothing(t *testing.T) {
	w := newWorld(t, 2)
	a := w.start("a")
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
	_, err := w.adm.DeleteGroup(t.Context(), w.name)
	require.NoError(t, err)
	a = w.start("a")
	w.send(10, 10)
	w.awaitEvents(200)
	a.stop(t)
}

// forgetPosition takes a position out of the progress topic.
func (w *world) forgetPosition(component, topic string, shard int32) {
	p, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(w.t, err)
	defer p.Close()
	key := records.ProgressKey{Component: component, TopicPartition: records.TopicPartition{Topic: w.name + "." + topic, Partition: shard}}
	tombstone := &kgo.Record{Topic: w.name + ".progress", Partition: shard, Key: []byte(key.String())}
	require.NoError(w.t, p.ProduceSync(w.t.Context(), tombstone).FirstErr())
}

// deleteUpTo deletes a topic's first records on every partition.
func (w *world) deleteUpTo(topic string, position int64) {
	offsets := make(kadm.Offsets)
	for p := range w.shards {
		offsets.AddOffset(w.name+"."+topic, p, position, -1)
	}
	answers, err := w.adm.DeleteRecords(w.t.Context(), offsets)
	require.NoError(w.t, err)
	require.NoError(w.t, answers.Error())
}

// createTopic makes a topic that was deleted a moment ago: brokers need some time to forget it.
func (w *world) createTopic(topic string) {
	require.Eventually(w.t, func() bool {
		_, err := w.adm.CreateTopic(w.t.Context(), w.shards, 1, nil, w.name+"."+topic)
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
}

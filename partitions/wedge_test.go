package partitions

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A sender is a counter that writes one record to a place for each command "odd".
type sender struct {
	counter
	topic string
	kind  OutputKind
	at    int32
}

func (s *sender) Process(w Window, recs []Record) error {
	for i := range recs {
		if string(recs[i].Key) != "odd" || recs[i].ReplyRefused {
			continue
		}
		if s.kind == OutputSend {
			if n, err := w.Partitions(s.topic); err != nil || n == 0 {
				continue
			}
		}
		w.Produce(&recs[i], s.kind, &kgo.Record{Topic: s.topic, Partition: s.at, Key: []byte("x")})
	}
	return s.counter.Process(w, recs)
}

func (b *bubble) sending(topic string, kind OutputKind, at int32) Component {
	c := b.component()
	c.New = func(shard int32) Processor {
		return &sender{counter: counter{shard: shard, topic: b.name + ".counter.events", known: map[string]int{}}, topic: topic, kind: kind, at: at}
	}
	return c
}

// decidesOn requires that commands are decided although one of them writes where nothing can be written.
func (b *bubble) decidesOn() {
	b.commandOn(0, "odd")
	b.command(1)
	b.awaitAll()
}

func TestAnswerToAPartitionThatIsNotThereIsDropped(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.begin("a", b.sending(b.name+".replies", OutputReply, 99))
		b.decidesOn()
	})
}

// refuseOn has a node refuse what is written to a topic; its partition, and no other that the engine needs, is led there.
func (b *bubble) refuseOn(topic string, refuses *atomic.Bool) {
	for _, own := range []string{"progress", "counter.changelog", "counter.commands", "counter.events", "counter.dead"} {
		require.NoError(b.t, b.cluster.MoveTopicPartition(b.name+"."+own, 0, 0))
	}
	require.NoError(b.t, b.cluster.MoveTopicPartition(topic, 0, 2))
	refuses.Store(true)
	b.cluster.Control(func(asked kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		produce, ok := asked.(*kmsg.ProduceRequest)
		if !ok || b.cluster.CurrentNode() != 2 || !refuses.Load() {
			return nil, nil, false
		}
		answer := produce.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range produce.Topics {
			refused := kmsg.ProduceResponseTopic{Topic: topic.Topic, TopicID: topic.TopicID}
			for _, p := range topic.Partitions {
				refused.Partitions = append(refused.Partitions, kmsg.ProduceResponseTopicPartition{Partition: p.Partition, ErrorCode: kerr.NotEnoughReplicas.Code})
			}
			answer.Topics = append(answer.Topics, refused)
		}
		return answer, nil, true
	})
}

func TestAnswerToATopicOfOthersThatCannotBeWrittenToIsDropped(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createElsewhere()
		b.begin("a", b.sending(elsewhere, OutputReply, 0))
		b.command(1)
		b.awaitAll()
		b.refuseOn(elsewhere, new(atomic.Bool))
		b.decidesOn()
	})
}

func TestAnswerThatAnEntityElsewhereWaitsForIsNotDropped(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		const topic = "billing.order.commands"
		_, err := b.adm.CreateTopic(b.t.Context(), 1, 1, nil, topic)
		require.NoError(b.t, err)
		b.begin("a", b.sending(topic, OutputReply, 0))
		b.command(1)
		b.awaitAll()
		var refuses atomic.Bool
		b.refuseOn(topic, &refuses)
		b.commandOn(0, "odd")
		pass(time.Minute)
		refuses.Store(false)
		b.awaitAll()
		ends, err := b.adm.ListEndOffsets(b.t.Context(), topic)
		require.NoError(b.t, err)
		end, _ := ends.Lookup(topic, 0)
		require.Positive(b.t, end.Offset)
	})
}

func TestTopicThatIsGoneIsNoTargetAnyMore(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createElsewhere()
		b.begin("a", b.sending(elsewhere, OutputSend, 0))
		b.decidesOn()
		_, err := b.adm.DeleteTopic(b.t.Context(), elsewhere)
		require.NoError(b.t, err)
		b.decidesOn() // What was known of it is fresh still.
		pass(5 * time.Minute)
		b.decidesOn()
	})
}

// Its shard was acquired anew while it was held: what comes back then is not it.
func TestHeldTaskDoesNotComeBackBesideItsSuccessor(t *testing.T) {
	for shift := range 20 {
		inBubble(t, 1, func(b *bubble) {
			a := b.begin("a", append(b.relaying(Start{From: FromEarliest}), b.copying(noneBroken()))...)
			a.awaitRunning(b.t, 1)
			pass(time.Duration(shift) * holdPause / 20)
			b.command(1)
			b.awaitAll()
			a.await(b.t, says(copierWaits))
			pass(4 * time.Second)
			b.createCopies(1)
			b.createElsewhere()
			pass(20 * time.Second)
			b.command(1)
			b.awaitAll()
			pass(20 * time.Second)
			require.Len(b.t, b.readAll("copies"), b.count())
		})
	}
}

// Behind the last record lie an aborted one and markers, of which the progress topic has no position: they are read again, so they stay.
func TestWhatNoPositionHasPassedIsNotPurged(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createElsewhere()
		components := b.relaying(Start{From: FromEarliest})
		components[1].Inputs[0].Purge = true
		a := b.begin("a", components...)
		a.awaitRunning(b.t, 1)
		b.endedTransactions(elsewhere, kgo.TryCommit, kgo.TryAbort)
		b.awaitRelayed("v")
		pass(purgeEvery + passedPause/4)
		a.leave(b.t)
		a = b.begin("a", components...)
		pass(time.Minute)
		a.events.mu.Lock()
		defer a.events.mu.Unlock()
		require.Empty(b.t, a.events.stopped)
	})
}

// Retention takes markers and aborted records as it takes all others: behind them nothing was lost.
func TestWhatRetentionTakesBehindMarkersIsNoGap(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createElsewhere()
		a := b.begin("a", b.relaying(Start{From: FromEarliest})...)
		a.awaitRunning(b.t, 1)
		b.endedTransactions(elsewhere, kgo.TryCommit, kgo.TryAbort)
		b.awaitRelayed("v")
		pass(2 * passedPause)
		a.leave(b.t)
		b.deleteAll(elsewhere)
		a = b.begin("a", b.relaying(Start{From: FromEarliest})...)
		pass(time.Minute)
		a.events.mu.Lock()
		defer a.events.mu.Unlock()
		require.Empty(b.t, a.events.stopped)
	})
}

// endedTransactions writes a record to a topic in a transaction for each end.
func (b *bubble) endedTransactions(topic string, ends ...kgo.TransactionEndTry) {
	p := b.client(kgo.TransactionalID("x"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer p.Close()
	for _, end := range ends {
		require.NoError(b.t, p.BeginTransaction())
		require.NoError(b.t, p.ProduceSync(b.t.Context(), &kgo.Record{Topic: topic, Value: []byte("v")}).FirstErr())
		require.NoError(b.t, p.EndTransaction(b.t.Context(), end))
		pass(5 * time.Second)
	}
}

// deleteAll deletes the records that a topic has.
func (b *bubble) deleteAll(topic string) {
	ends, err := b.adm.ListEndOffsets(b.t.Context(), topic)
	require.NoError(b.t, err)
	_, err = b.adm.DeleteRecords(b.t.Context(), ends.Offsets())
	require.NoError(b.t, err)
}

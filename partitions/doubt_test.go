package partitions

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The client takes an aborted transaction for lost records, see doubt.go for the sequence; nothing is lost, and no task stops.
func TestAbortedTransactionBehindALeaderThatMovedIsNoGap(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		copies := Component{
			Name: "echo", Side: WriteSide, Inputs: []Input{{Topic: b.name + ".counter.commands"}},
			New: func(int32) Processor { return echo{to: b.name + ".replies"} },
		}
		a := b.begin("a", b.component(), copies)
		topic := b.name + ".counter.commands"
		one, other := b.sender("one"), b.sender("other")
		defer one.Close()
		defer other.Close()
		send := func(p *kgo.Client) {
			require.NoError(b.t, p.ProduceSync(b.t.Context(), &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("+")}).FirstErr())
		}
		require.NoError(b.t, one.BeginTransaction())
		send(one)
		require.NoError(b.t, one.EndTransaction(b.t.Context(), kgo.TryCommit))
		b.awaitEvents(1)

		// The leader has moved and records are written under the new epoch before the reader hears of it.
		a.wire.freeze()
		leader := b.cluster.LeaderFor(topic, 0)
		require.NoError(b.t, b.cluster.MoveTopicPartition(topic, 0, (leader+1)%3))
		require.NoError(b.t, one.BeginTransaction())
		send(one)
		require.NoError(b.t, other.BeginTransaction())
		send(other)
		a.wire.thaw()
		require.NoError(b.t, one.EndTransaction(b.t.Context(), kgo.TryAbort))
		pass(3 * time.Second) // The reader passes the aborted record, and is given nothing.

		require.NoError(b.t, b.cluster.MoveTopicPartition(topic, 0, (leader+2)%3))
		pass(3 * time.Second)
		require.NoError(b.t, other.EndTransaction(b.t.Context(), kgo.TryCommit))
		b.sent.Add(2)
		b.awaitAll()
		require.Len(b.t, b.awaitRecords("replies", 2), 2)
		require.Empty(b.t, a.events.stopped)
	})
}

// sender writes commands in transactions of its own.
func (b *bubble) sender(transactionalID string) *kgo.Client {
	return b.client(kgo.TransactionalID(transactionalID), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionTimeout(time.Minute))
}

// A transaction of somebody who lives, or that a coordinator has lost, cannot be ended by us: the shard waits for it, and says so.
func TestTransactionThatNobodyEndsIsTold(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		stranger := b.sender("stranger")
		defer stranger.Close()
		require.NoError(b.t, stranger.BeginTransaction())
		require.NoError(b.t, stranger.ProduceSync(b.t.Context(), &kgo.Record{Topic: b.name + ".counter.changelog", Key: []byte("k"), Value: []byte("1")}).FirstErr())
		a := b.begin("a")
		told := "an open transaction in " + b.name + ".counter.changelog/0: nothing can be read from position 0 on"
		pass(2 * standstillPatience)
		a.await(b.t, func(l *log) bool {
			return slices.ContainsFunc(l.waits, func(s string) bool { return strings.HasPrefix(s, told) })
		})
		require.NoError(b.t, stranger.EndTransaction(b.t.Context(), kgo.TryAbort))
		a.awaitRunning(b.t, 1)
		b.command(1)
		b.awaitAll()
	})
}

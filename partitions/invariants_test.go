package partitions

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

// A transactionLog is what brokers were asked for in each transaction: which shards were written for, and which were fenced.
type transactionLog struct {
	progress string
	topicIDs map[[16]byte]string
	// written are the shards by topic, for each transactional id; fenced those of the fence.
	written map[string]map[string]map[int32]bool
	fenced  map[string]map[int32]bool
	checked int
	// complaints are told at the end: the test may not be ended from the brokers' goroutine.
	complaints []string
}

func (l *transactionLog) complain(format string, args ...any) {
	l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
}

func (l *transactionLog) produce(req *kmsg.ProduceRequest) {
	if req.TransactionID == nil {
		return
	}
	id := *req.TransactionID
	if l.written[id] == nil {
		l.written[id] = make(map[string]map[int32]bool)
	}
	for _, topic := range req.Topics {
		name := topic.Topic
		if name == "" {
			name = l.topicIDs[topic.TopicID]
		}
		for _, p := range topic.Partitions {
			if l.written[id][name] == nil {
				l.written[id][name] = make(map[int32]bool)
			}
			l.written[id][name][p.Partition] = true
		}
	}
}

func (l *transactionLog) fence(req *kmsg.TxnOffsetCommitRequest) {
	if req.MemberID == "" || req.Generation < 0 {
		l.complain("a fence of member %q and generation %d", req.MemberID, req.Generation)
	}
	l.fenced[req.TransactionalID] = make(map[int32]bool)
	for _, p := range req.Topics[0].Partitions {
		l.fenced[req.TransactionalID][p.Partition] = true
	}
}

// end: invariant 1. The shards that have records are those that have a progress record, and those that the group vouches for.
func (l *transactionLog) end(req *kmsg.EndTxnRequest) {
	id := req.TransactionalID
	if req.Commit {
		shards := l.written[id][l.progress]
		for topic, written := range l.written[id] {
			if !maps.Equal(shards, written) {
				l.complain("progress of %v, and records in %s on %v", shards, topic, written)
			}
		}
		if !maps.Equal(shards, l.fenced[id]) {
			l.complain("progress of %v, fence of %v", shards, l.fenced[id])
		}
		l.checked++
	}
	delete(l.written, id)
	delete(l.fenced, id)
}

func TestEveryTransactionIsFencedForEveryShardThatItWritesFor(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		l := &transactionLog{
			progress: b.name + ".progress", topicIDs: make(map[[16]byte]string), written: make(map[string]map[string]map[int32]bool), fenced: make(map[string]map[int32]bool),
		}
		topics, err := b.adm.ListTopics(b.t.Context())
		require.NoError(b.t, err)
		for _, topic := range topics {
			l.topicIDs[topic.ID] = topic.Topic
		}
		b.cluster.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			switch req := req.(type) {
			case *kmsg.ProduceRequest:
				l.produce(req)
			case *kmsg.TxnOffsetCommitRequest:
				l.fence(req)
			case *kmsg.EndTxnRequest:
				l.end(req)
			}
			return nil, nil, false
		})
		b.begin("a")
		for n := range 20 {
			b.send(1+n%20, 1) // Some windows are of one shard, some of all.
			b.sent.Add(int64(1 + n%20))
			pass(20 * time.Millisecond)
		}
		b.awaitAll()
		require.Empty(b.t, l.complaints)
		require.Greater(b.t, l.checked, 10)
	})
}

// A component that is added later begins at the beginning of a topic that others have read to its end, with one client for all of them.
func TestReaderAheadOfOthersIsGivenNothingTwice(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a")
		b.command(5)
		b.awaitAll()
		a.leave(b.t)
		copies := Component{
			Name: "echo", Side: WriteSide, Inputs: []Input{{Topic: b.name + ".counter.commands"}},
			New: func(int32) Processor { return echo{to: b.name + ".replies"} },
		}
		b.begin("a", b.component(), copies)
		require.Len(b.t, b.awaitRecords("replies", b.count()), b.count())
		b.command(1)
		b.awaitAll()
		pass(time.Minute)
		require.Len(b.t, b.readAll("counter.events"), b.count())
		require.Len(b.t, b.readAll("replies"), b.count())
	})
}

// The position of an input goes back with its records: a window of other inputs may be committed before these are decided again, and writes the
// positions of all.
func TestInputsOfAnAbandonedWindowAreWhereTheyWere(t *testing.T) {
	s := &shard{owner: newOwnership("m")}
	task := &task{component: &Component{Name: "c"}, shard: s, processor: echo{}, portion: 1}
	first, second := &input{task: task, decided: 5}, &input{task: task, decided: 7}
	task.inputs = []*input{first, second}
	l := &lane{closing: make(map[*shard]*release)}
	decide := func(batches ...batch) {
		l.open = newWindow(records.Window{}, time.Now())
		room := &budget{bytes: 1 << 20, time: time.Minute, until: time.Now().Add(time.Minute)}
		room.left.Store(room.bytes)
		for _, r := range l.assign(batches) {
			r.decide(t.Context(), 0, &engine{}, room)
			require.Empty(t, l.open.enter(r, nil))
		}
	}
	recs := func(from, to int64) []Record {
		var list []Record
		for at := from; at < to; at++ {
			list = append(list, Record{Record: &kgo.Record{Offset: at}})
		}
		return list
	}
	decide(batch{input: first, records: recs(5, 8), from: 5, to: 8}, batch{input: second, records: recs(7, 9), from: 7, to: 9},
		batch{input: first, records: recs(8, 12), from: 8, to: 12})
	require.EqualValues(t, 12, first.decided)
	l.abandon()
	require.EqualValues(t, 5, first.decided)
	require.EqualValues(t, 7, second.decided)
	require.Len(t, l.backlog, 3)

	decide(l.takeBacklog(2)...)
	require.EqualValues(t, 7, first.decided)
	for _, n := range l.open.parts[0].positions() {
		require.Equal(t, map[*input]records.Position{first: 7, second: 7}[n.input], n.position, "a position is never ahead of what was decided")
	}

	l.abandon()
	require.EqualValues(t, 5, first.decided)
	var from []int64
	for _, b := range l.backlog {
		if b.input == first {
			from = append(from, int64(b.from))
		}
	}
	require.Equal(t, []int64{5, 7, 8}, from, "records are decided again before those that wait behind them")
}

// kgo may be a member again before it tells that it was thrown out: the member id tells.
func TestShardIsLostUnderAnotherMemberID(t *testing.T) {
	shards := []*shard{{owner: newOwnership("one")}, {owner: newOwnership("one")}}
	require.False(t, lostAny(shards, "one"))
	require.False(t, lostAny(shards, ""), "between two memberships nobody knows, and no fence is sent")
	require.True(t, lostAny(shards, "two"))
	shards[1].owner.lose()
	require.True(t, lostAny(shards, "one"))
}

// Windows of a lane are decided one on top of the other, and read what is not in the store yet: with one key each command changes what the one
// before it has written.
func TestCommandsOfOneKeySeeEachOtherAcrossWindows(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.begin("a")
		ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			b.send(1, 1)
			b.sent.Add(1)
			pass(time.Millisecond)
		}
		b.awaitAll()
		require.Greater(b.t, b.lives[0].committed(), 50)
	})
}

// A shard goes to another instance, which writes, and comes back.
func TestNothingIsRememberedFromAnEarlierStay(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		other := b.begin("b")
		other.awaitRunning(b.t, 1)
		b.command(3)
		b.awaitAll()
		other.leave(b.t)
		a.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
	})
}

package partitions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// split sorts fetched records by the inputs that read them.
func (l *lane) split(ctx context.Context, fetches kgo.Fetches) []batch {
	var batches []batch
	// Errors come first: with the news that a log was cut back come records from there on.
	fetches.EachError(func(topic string, partition int32, err error) {
		l.fetchFailed(ctx, records.TopicPartition{Topic: topic, Partition: partition}, err)
	})
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		at := records.TopicPartition{Topic: p.Topic, Partition: p.Partition}
		for _, in := range l.readers[at] {
			l.canRead(in, p.Err)
			in.end = records.Position(p.LastStableOffset)
			if b := in.take(p.Records); len(b.records) > 0 {
				batches = append(batches, b)
			} else if in.passed() {
				l.notePassed()
			}
		}
	})
	return batches
}

// take makes a batch of the records that the input has not seen. Markers only move the position on.
func (in *input) take(fetched []*kgo.Record) batch {
	b := batch{input: in, from: in.decided, to: in.decided}
	for _, r := range fetched {
		if records.Position(r.Offset) < in.decided {
			continue
		}
		b.to = records.Offset(r.Offset).Next()
		in.leaderEpoch = r.LeaderEpoch
		if r.Attrs.IsControl() {
			continue
		}
		if b.records == nil {
			b.records = make([]Record, 0, len(fetched))
		}
		b.records = append(b.records, Record{Record: r, MayFail: records.Offset(r.Offset) == in.skip})
	}
	b.bytes = sizeOf(b.records)
	if len(b.records) == 0 {
		if in.committed == in.decided {
			in.committed = b.to
		}
		in.decided = b.to
	}
	return b
}

// fetchFailed judges an error of one partition, or of the whole client (partition -1).
func (l *lane) fetchFailed(ctx context.Context, at records.TopicPartition, err error) {
	var lost *kgo.ErrDataLoss
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, kgo.ErrClientClosed):
	case errors.As(err, &lost):
		l.doubt(ctx, at)
	case errors.Is(err, kerr.OffsetOutOfRange):
		l.stopReadersOutOfRange(at)
	default:
		if client.IsMissingTopic(err) {
			l.doubtTopic(ctx, at.Topic)
		}
		for _, in := range l.readers[at] {
			in.refused = true
		}
		l.engine.waits.say(reading(at), client.NameRight(err, "READ", "topic "+at.Topic))
	}
}

// stopReadersOutOfRange stops the tasks at once, and tells why when the brokers have been asked: a log that was cut back does not have the position
// until it is written on, and to read it from its start would be wrong then.
func (l *lane) stopReadersOutOfRange(at records.TopicPartition) {
	for _, in := range slices.Clone(l.readers[at]) {
		l.stopInputs(in.task)
		asked := *in // The lane's own goes on changing.
		l.engine.shards.Go(func() { asked.task.shard.taskStopped(asked.task, l.engine.whyOutOfRange(&asked)) })
	}
}

// canRead ends the wait for an input that was refused before, with the first record that comes.
func (l *lane) canRead(in *input, err error) {
	if in.refused && err == nil {
		in.refused = false
		l.engine.waits.over(reading(in.TopicPartition))
	}
}

func reading(at records.TopicPartition) string { return fmt.Sprintf("reading %s", at) }

// stopTask takes one task out of the lane for good: it would skip records if it went on. The rest of its shard goes on.
func (l *lane) stopTask(t *task, err error) {
	l.stopInputs(t)
	t.why = err
	t.shard.taskStopped(t, err)
}

func (l *lane) stopInputs(t *task) {
	t.stopped = true
	for _, in := range t.inputs {
		l.stopInput(in)
	}
}

// decide gives batches to their processors, shard by shard, several shards at once. What the open window has no room for goes back to the head of
// the queue.
func (l *lane) decide(ctx context.Context, batches []batch) {
	if len(batches) == 0 {
		return
	}
	now := time.Now()
	if l.side == WriteSide && !l.knowReplyTopics(ctx, batches, now) {
		return
	}
	if batches = l.withTargets(ctx, batches, now); len(batches) == 0 {
		return
	}
	l.openWindow(now)
	rounds, room := l.assign(batches), l.budget(now)
	var group errgroup.Group
	group.SetLimit(l.deciders())
	for _, r := range rounds {
		group.Go(func() error { r.decide(ctx, now.UnixMilli(), l.engine, room); return nil })
	}
	_ = group.Wait() // Rounds carry their own errors.
	l.hasDecided(now, time.Now())
	var left []batch
	for _, r := range rounds {
		left = l.open.enter(r, left)
	}
	l.backlog = append(left, l.backlog...)
	for _, r := range rounds {
		for t, stop := range r.stops {
			l.halt(t, stop)
		}
		if r.err != nil {
			l.breakShard(r.shard, r.err)
		}
	}
}

// openWindow is the open window, begun if there is none.
func (l *lane) openWindow(now time.Time) *window {
	if l.open == nil {
		l.number++
		l.open = newWindow(records.Window{Instance: l.engine.nonce + "/" + l.name, Number: l.number}, now)
	}
	return l.open
}

// whereAnswersGo names the wait for brokers that do not tell of reply topics.
const whereAnswersGo = "reply topics"

// knowReplyTopics looks reply topics up. If no broker answers, the batches go back to the head of the queue for a moment: decided now, their answers
// would be dropped.
func (l *lane) knowReplyTopics(ctx context.Context, batches []batch, now time.Time) bool {
	err := l.engine.replies.lookUp(ctx, batches, now)
	if err == nil {
		l.engine.waits.over(whereAnswersGo)
		return true
	}
	if ctx.Err() == nil {
		l.engine.waits.say(whereAnswersGo, err)
	}
	l.backlog = append(slices.Clone(batches), l.backlog...)
	l.heldUntil = time.Now().Add(replyPause)
	return false
}

// breakShard takes out a shard that cannot go on as it is. What it decided in the open window is not whole, so the window is decided again
// without it; the shard itself is acquired anew after a pause.
func (l *lane) breakShard(s *shard, err error) {
	l.release(s, true, make(chan struct{}))
	s.breakDown(err)
}

// remedyOf names the remedy for an error of a transaction, with the causes that are ours.
func remedyOf(err error) client.Remedy {
	if errors.Is(err, errLost) {
		return client.Leave
	}
	return client.RemedyFor(err)
}

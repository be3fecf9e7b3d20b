package partitions

import (
	"context"
	"errors"
	"slices"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// The client says "data loss" when the epoch it last read under ends before its position. It may be wrong: it passes records of aborted
// transactions without taking note of their epoch. The sequence: a record is read under epoch 0; the leader moves; under epoch 1 one producer's
// transaction is aborted behind the beginning of another one's that is still open, so that a fetch brings the aborted records and not their
// marker; the leader moves again, and the client asks where epoch 0 ended: before its position.
//
// An input knows better: its position is that behind the last record or marker it was given, its epoch that of the same record. So the lane
// asks again with these before it stops a task for good. Until there is an answer the partition is not read: behind a cut lie other records.

// doubt takes a partition out of the consumer until it is known whether its log was cut back.
func (l *lane) doubt(ctx context.Context, at records.TopicPartition) {
	inputs := l.readers[at]
	if len(inputs) == 0 {
		return
	}
	delete(l.readers, at)
	l.consumer.RemoveConsumePartitions(map[string][]int32{at.Topic: {at.Partition}})
	asked := make([]input, len(inputs))
	for i, in := range inputs {
		asked[i] = *in
	}
	go func() {
		verdicts := make([]*GapError, len(asked))
		for i := range asked {
			in := &asked[i]
			if !l.engine.patiently(ctx, reading(at), func(ctx context.Context) error {
				err := l.engine.stillThere(ctx, in)
				if errors.As(err, &verdicts[i]) {
					return nil
				}
				return err
			}) {
				return
			}
		}
		l.ask(func() { l.settleDoubt(inputs, verdicts) })
	}()
}

// settleDoubt reads on, or stops the tasks whose records are gone. What has left the lane meanwhile is left alone.
func (l *lane) settleDoubt(inputs []*input, verdicts []*GapError) {
	var good []*input
	for i, in := range inputs {
		switch s := in.task.shard; {
		case !slices.Contains(l.tasks[s], in.task), l.closing[s] != nil, in.task.stopped:
		case verdicts[i] != nil:
			l.stopTask(in.task, verdicts[i])
		default:
			good = append(good, in)
		}
	}
	l.read(good)
}

// doubtTopic asks, a moment later, whether a topic that the brokers do not know under its id was made again: then its readers would wait for ever.
func (l *lane) doubtTopic(ctx context.Context, name string) {
	if l.doubted[name] {
		return
	}
	l.doubted[name] = true
	go func() {
		if !sleep(ctx, absentPoll) {
			return
		}
		found, err := l.engine.asks.Describe(ctx, name)
		l.ask(func() {
			delete(l.doubted, name)
			if topic, there := found[name]; there && err == nil {
				l.stopReadersOfEarlier(topic)
			}
		})
	}()
}

// stopReadersOfEarlier stops the tasks that read an earlier topic of this name.
func (l *lane) stopReadersOfEarlier(topic topics.Found) {
	for at, readers := range l.readers {
		if at.Topic != topic.Name {
			continue
		}
		for _, in := range slices.Clone(readers) {
			if in.topicID != topic.ID && !in.task.stopped {
				l.canRead(in, nil)
				l.stopTask(in.task, in.gap(Remade))
			}
		}
	}
}

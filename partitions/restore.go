package partitions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/statestore"
)

// openStore opens a component's store. One that is damaged is opened empty: the changelog has everything.
func (s *shard) openStore(c *Component) (*statestore.Store, error) {
	stores := s.engine.config.Stores
	store, err := stores.Open(c.Name, s.number)
	var damaged *statestore.DamagedError
	if !errors.As(err, &damaged) {
		return store, err
	}
	s.engine.listener.StoreRebuilt(StoreEvent{Component: c.Name, Shard: s.number, Reason: damaged.Error()})
	return stores.OpenEmpty(c.Name, s.number)
}

// restore brings a task's store to the end of its changelog. used tells whether there ever was anything in it.
func (s *shard) restore(ctx context.Context, t *task) (used bool, err error) {
	at := records.TopicPartition{Topic: t.component.Changelog, Partition: s.number}
	from, used, err := s.startOfRestore(ctx, t, at)
	if err != nil {
		return false, fmt.Errorf("restoring %s/%d: %w", t.component.Name, s.number, err)
	}
	begun, read := time.Now(), int64(0)
	tell := func(remaining int64) {
		s.engine.listener.RestoreProgress(RestoreEvent{
			Component: t.component.Name, Shard: s.number, RecordsRead: read, Remaining: remaining, Took: time.Since(begun),
		})
	}
	var changes []statestore.Change
	defer s.engine.waits.over(openTransactionIn(at))
	err = s.engine.restorer.Restore(ctx, changelog.Request{
		TopicPartition: at, From: from, Stuck: s.engine.fenceStuck,
		Progress: func(done, remaining int64) { read = done; tell(remaining) },
		Apply: func(batch []*kgo.Record, next records.Position) error {
			checkpoint := statestore.Checkpoint{TopicID: t.changelogID, Position: int64(next), LeaderEpoch: -1}
			changes = changes[:0]
			for _, r := range batch {
				used = true
				changes = append(changes, statestore.Change{Key: r.Key, Value: r.Value})
				checkpoint.LeaderEpoch, checkpoint.TimeMS = r.LeaderEpoch, r.Timestamp.UnixMilli()
			}
			if len(batch) == 0 {
				// Markers only. A checkpoint is a sign that the task has had records, so none is written for these.
				return nil
			}
			return t.store.Apply(changes, checkpoint)
		},
	})
	if err != nil {
		return false, fmt.Errorf("restoring %s/%d: %w", t.component.Name, s.number, err)
	}
	tell(0)
	return used, nil
}

// startOfRestore decides from where the changelog is read: from the store's checkpoint, or from the start into an empty store.
func (s *shard) startOfRestore(ctx context.Context, t *task, at records.TopicPartition) (from records.Position, used bool, err error) {
	checkpoint, ok, err := t.store.Checkpoint()
	var damaged *statestore.DamagedError
	switch {
	case errors.As(err, &damaged), errors.Is(err, statestore.ErrCheckpoint):
		// What cannot be understood is no reason to stop: the changelog has everything.
		return changelog.FromStart, false, s.rebuildIf(t, err)
	case err != nil:
		return 0, false, err
	case !ok:
		return changelog.FromStart, false, nil
	}
	facts, err := s.engine.factsOf(ctx, checkpoint, t.changelogID, at)
	if err != nil {
		return 0, false, err
	}
	if reason := whyRebuild(checkpoint, facts, time.Now().UnixMilli()); reason != "" {
		return changelog.FromStart, true, s.rebuildIf(t, errors.New(reason))
	}
	return records.Position(checkpoint.Position), true, nil
}

// rebuildIf empties the store if there is a reason, and says so.
func (s *shard) rebuildIf(t *task, reason error) error {
	if reason == nil {
		return nil
	}
	s.engine.listener.StoreRebuilt(StoreEvent{Component: t.component.Name, Shard: s.number, Reason: reason.Error()})
	return t.store.Clear()
}

// logFacts is what a changelog's partition looks like now.
type logFacts struct {
	topicID    [16]byte
	start, end records.Position
	// epochEnd is where the checkpoint's leader epoch ended; -1 when the checkpoint or the broker knows none.
	epochEnd records.Position
}

func (rt *engine) factsOf(ctx context.Context, c statestore.Checkpoint, topicID [16]byte, at records.TopicPartition) (logFacts, error) {
	bounds, err := rt.asks.Bounds(ctx, at.Topic)
	if err != nil {
		return logFacts{}, err
	}
	b := bounds[at]
	f := logFacts{topicID: topicID, start: b.Start, end: b.End, epochEnd: -1}
	if c.LeaderEpoch < 0 {
		return f, nil
	}
	f.epochEnd, err = changelog.EpochEnd(ctx, rt.admin, at, c.LeaderEpoch)
	return f, err
}

// whyRebuild tells why a store cannot go on from its checkpoint; empty if it can.
func whyRebuild(c statestore.Checkpoint, f logFacts, nowMS int64) string {
	position := records.Position(c.Position)
	age := time.Duration(nowMS-c.TimeMS) * time.Millisecond
	switch {
	case c.TopicID != f.topicID:
		return "its changelog was deleted and made again"
	case position > f.end:
		return fmt.Sprintf("its checkpoint %d is behind the end %d of the changelog: the changelog was truncated", position, f.end)
	case f.epochEnd >= 0 && position > f.epochEnd:
		return fmt.Sprintf("its checkpoint %d of leader epoch %d is behind the epoch's end %d: the changelog was truncated and written on", position, c.LeaderEpoch, f.epochEnd)
	case position < f.start:
		return fmt.Sprintf("its checkpoint %d is before the start %d of the changelog", position, f.start)
	case position < f.end && age > topics.TombstoneRetention/2:
		return fmt.Sprintf("its checkpoint is %s old: deletions that it missed may not be in the changelog any more", age.Round(time.Hour))
	}
	return ""
}

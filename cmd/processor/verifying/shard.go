package verifying

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/history"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// A shard is one shard being compared.
type shard struct {
	*Options
	number   int32
	restorer *changelog.Restorer
	stores   *statestore.Env
	stored   *statestore.Store
	fold     *history.Fold
	mirror   mirror
	judge    judge
}

// What the stores of one shard take in memory.
const (
	cacheBytes    = 8 << 20
	memTableBytes = 4 << 20
)

func openShard(o *Options, number int32, dir string, restorer *changelog.Restorer) (*shard, error) {
	stores, err := statestore.OpenEnv(dir, statestore.Options{Context: o.Topics.Name, CacheBytes: cacheBytes, MemTableBytes: memTableBytes})
	if err != nil {
		return nil, err
	}
	s := &shard{
		Options: o, number: number, restorer: restorer, stores: stores, mirror: mirror{only: o.ID},
		judge: judge{entity: o.Entity, shard: number, behavior: o.Behavior},
	}
	if s.stored, err = stores.Open("events", number); err == nil {
		s.mirror.store, err = stores.Open("changelog", number)
	}
	s.fold = history.New(history.Options{Entity: o.Entity, Behavior: o.Behavior, Prepare: o.Prepare, Store: s.stored, MostBytes: o.MemoryBytes})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *shard) close() error {
	var errs []error
	for _, store := range []*statestore.Store{s.stored, s.mirror.store} {
		if store != nil {
			errs = append(errs, store.Close())
		}
	}
	return errors.Join(append(errs, s.stores.Close())...)
}

// roundsMost is how often differences are looked at again before they are believed. A value that was compacted away between the end of the changelog
// that was asked for and the reading is there in the next round, under a higher offset.
const roundsMost = 3

// verify compares events and changelog at one point, as the package says, and then the owner's store with the changelog.
func (s *shard) verify(ctx context.Context) (Shard, error) {
	begun, err := s.readEvents(ctx, changelog.FromStart, nil)
	if err != nil {
		return Shard{}, err
	}
	r := Shard{Shard: s.number}
	if r.Total, err = s.settled(ctx, begun); err != nil {
		return Shard{}, err
	}
	r.Events = s.fold.Events()
	if err := s.compareOwner(ctx, &r); err != nil {
		return Shard{}, err
	}
	return r, nil
}

// settled compares what the events before a position lead to, and looks again before it tells of differences.
func (s *shard) settled(ctx context.Context, events records.Position) (Total, error) {
	for round := 1; ; round++ {
		if err := s.goOn(ctx, events); err != nil {
			return Total{}, err
		}
		t, err := s.compare(ctx, nil)
		if err != nil || !t.Differ() {
			return t, err
		}
		if round == roundsMost {
			return s.compare(ctx, s.Found)
		}
	}
}

// goOn reads the changelog to its end, and folds the events that came meanwhile as far as it is.
func (s *shard) goOn(ctx context.Context, events records.Position) error {
	if err := s.readChangelog(ctx, 0); err != nil {
		return err
	}
	_, err := s.readEvents(ctx, events, s.mirror.sequence)
	return errors.Join(err, s.fold.Flush())
}

// readEvents folds the events from a position to the end and returns how far it came.
func (s *shard) readEvents(ctx context.Context, from records.Position, upTo history.Limit) (at records.Position, err error) {
	read := int64(0)
	err = s.restorer.Restore(ctx, changelog.Request{
		TopicPartition: records.TopicPartition{Topic: s.Topics.Events(s.Entity).Name, Partition: s.number}, From: from, Stuck: s.stuck,
		Progress: func(done, _ int64) {
			if upTo == nil {
				s.Progress.add(done - read)
			}
			read = done
		},
		Apply: func(batch []*kgo.Record, next records.Position) error {
			for _, r := range batch {
				if s.ID != "" && s.ID != string(r.Key) {
					continue
				}
				if err := s.fold.Take(ctx, r, upTo); err != nil {
					return err
				}
			}
			at = next
			return nil
		},
	})
	return at, err
}

// readChangelog reads on to a position, 0 for the end.
func (s *shard) readChangelog(ctx context.Context, to records.Position) error {
	from := s.mirror.at
	if from == 0 {
		from = changelog.FromStart
	}
	return s.restorer.Restore(ctx, changelog.Request{
		TopicPartition: records.TopicPartition{Topic: s.Topics.Changelog(s.Entity).Name, Partition: s.number}, From: from, To: to, Stuck: s.stuck,
		Apply: s.mirror.take,
	})
}

// patience is longer than a transaction of a processor may take, and than brokers take to notice one that takes longer.
const patience = time.Minute

// stuck gives up on a log that cannot be read to its end.
func (s *shard) stuck(_ context.Context, at changelog.Standstill) error {
	if s.Waiting != nil {
		s.Waiting(at)
	}
	if stood := time.Since(at.Since); stood > patience {
		return fmt.Errorf("nothing can be read from position %d on, for %s now: a transaction there is neither committed nor aborted", at.At, stood.Round(time.Second))
	}
	return nil
}

// compare compares all entities, and tells of those that differ.
func (s *shard) compare(ctx context.Context, tell func(Difference) error) (Total, error) {
	var r Total
	count := func(d *Difference) error {
		r.Entities++
		switch {
		case d == nil:
			r.Equal++
			return nil
		case d.Kind == Missing:
			r.Missing++
		default:
			r.Different++
		}
		if tell == nil {
			return nil
		}
		return tell(*d)
	}
	err := s.fold.Each(ctx, func(id []byte, f *history.Entity) error {
		i, _, err := s.mirror.get(id)
		if err != nil {
			return err
		}
		return count(s.judge.compare(string(id), f, i.value))
	})
	if err != nil {
		return r, err
	}
	return r, s.mirror.each(ctx, nil, func(id []byte, i image) (bool, error) {
		f, err := s.fold.Get(id)
		if err != nil || f != nil {
			return true, err
		}
		return true, count(s.judge.compare(string(id), nil, i.value))
	})
}

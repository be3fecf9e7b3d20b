package partitions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/kafka/transactions"
)

// acquire makes the shard's tasks: it ends what absent owners left open, reads where the components stand, and restores their stores.
//
// Why it reads right: a window is flushed before its fence is asked for, and a fence of the old generation is refused once the new one has
// begun. So whatever can still be committed is in the log before this shard was assigned, and both reads go to the end of the log that is asked
// for from here on.
func (s *shard) acquire(ctx context.Context) ([]*task, error) {
	rt := s.engine
	components := s.components()
	if err := rt.sweep.run(ctx, rt, s.assigned); err != nil {
		return nil, err
	}
	progress, err := rt.readProgress(ctx, s.number)
	if err != nil {
		return nil, err
	}
	found, err := rt.asks.Describe(ctx, topicNames(components)...)
	if err != nil {
		return nil, err
	}
	tasks := make([]*task, len(components))
	absent := make([]error, len(components))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, c := range components {
		group.Go(func() error {
			t, err := s.openTask(groupCtx, c, progress, found)
			var gap *GapError
			var noPosition *NoPositionError
			var stop *StopError
			if errors.As(err, &gap) || errors.As(err, &noPosition) || errors.As(err, &stop) {
				rt.listener.TaskStopped(TaskStopped{Component: c.Name, Shard: s.number, Err: err})
				return nil
			}
			var missing *absentTopic
			if errors.As(err, &missing) {
				absent[i] = err
				return nil
			}
			tasks[i] = t
			return err
		})
	}
	err = group.Wait()
	opened := compact(tasks)
	if err != nil {
		closeStores(opened)
		return nil, err
	}
	s.awaited = awaitedTopics(absent)
	return opened, nil
}

// compact leaves out tasks that were not opened.
func compact(tasks []*task) []*task {
	list := []*task{}
	for _, t := range tasks {
		if t != nil {
			list = append(list, t)
		}
	}
	return list
}

// topicNames are those that components read or mirror their stores in.
func topicNames(components []*Component) []string {
	seen := make(map[string]bool)
	var names []string
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, c := range components {
		add(c.Changelog)
		for _, in := range c.Inputs {
			add(in.Topic)
		}
	}
	return names
}

type progressTable map[records.ProgressKey]records.Progress

// openTask restores a component's store and finds where its inputs go on.
func (s *shard) openTask(ctx context.Context, c *Component, progress progressTable, found map[string]topics.Found) (*task, error) {
	t := &task{component: c, shard: s, portion: portionFirst}
	used := false
	if c.Changelog != "" {
		mirrored, ok := found[c.Changelog]
		if !ok {
			return nil, s.engine.missing(c, c.Changelog)
		}
		t.changelogID = mirrored.ID
		store, err := s.openStore(c)
		if err != nil {
			return nil, err
		}
		t.store = store
		if used, err = s.restore(ctx, t); err == nil {
			orders := s.engine.config.Controls.of(c)
			t.asked = orders.Rebuild
			t.rebuild, err = t.rebuildOf(orders)
		}
		if err != nil {
			closeStores([]*task{t})
			return nil, err
		}
	}
	if err := s.placeInputs(ctx, t, progress, found, used); err != nil {
		closeStores([]*task{t})
		return nil, err
	}
	t.processor = c.New(s.number)
	return t, nil
}

// placeInputs makes the task's inputs, each at the position that the progress topic names. used tells that the task has had records before: then
// a position must be known.
func (s *shard) placeInputs(ctx context.Context, t *task, progress progressTable, found map[string]topics.Found, used bool) error {
	for _, in := range t.component.Inputs {
		topic, ok := found[in.Topic]
		if !ok {
			return s.engine.missing(t.component, in.Topic)
		}
		// Partition q of a topic with any number of partitions joins shard q mod N.
		for q := s.number; q < topic.Partitions; q += s.engine.config.Shards {
			placed := &input{
				task: t, TopicPartition: records.TopicPartition{Topic: in.Topic, Partition: q}, topicID: topic.ID, purge: in.Purge, leaderEpoch: -1,
			}
			p, known := progress[records.ProgressKey{Component: t.component.Name, TopicPartition: placed.TopicPartition}]
			switch {
			case known && p.TopicID != topic.ID:
				placed.decided = p.Position
				return placed.gap(Remade)
			case known:
				placed.committed, placed.decided, placed.written, placed.recorded, placed.leaderEpoch = p.Position, p.Position, p.Position, true, p.LeaderEpoch
				if err := s.engine.stillThere(ctx, placed); err != nil {
					return err
				}
			case used && !progress.knows(t.component.Name, in.Topic):
				return &NoPositionError{Component: t.component.Name, Input: placed.TopicPartition}
			case !progress.knows(t.component.Name, in.Topic):
				if err := s.begin(ctx, placed, in.Start); err != nil {
					return err
				}
			}
			t.inputs = append(t.inputs, placed)
		}
	}
	return nil
}

// stillThere asks whether the log still has what the input has read: one that was cut back below the position and written on above it has other
// records there now, and goes on at the position as if nothing had happened (KIP-320).
func (rt *engine) stillThere(ctx context.Context, in *input) error {
	if in.leaderEpoch < 0 {
		return nil
	}
	end, err := changelog.EpochEnd(ctx, rt.admin, in.TopicPartition, in.leaderEpoch)
	if err != nil {
		return client.NameRight(err, "DESCRIBE", "topic "+in.Topic)
	}
	if end >= 0 && in.decided > end {
		return in.cutBack(end)
	}
	return nil
}

// A NoPositionError says that a component with a store has no position in one of its inputs. Starting at the beginning would apply twice what is
// in the store already.
type NoPositionError struct {
	Component string
	Input     records.TopicPartition
}

func (e *NoPositionError) Error() string {
	return fmt.Sprintf("%s has a store and no position in %s: say where it goes on, with the processors stopped: processor topics DIR --start %s=%s:earliest "+
		"(or latest, or an offset)", e.Component, e.Input, e.Component, e.Input.Topic)
}

// readProgress reads one shard's progress to the end that the log has now.
func (rt *engine) readProgress(ctx context.Context, shard int32) (progressTable, error) {
	table := make(progressTable)
	at := records.TopicPartition{Topic: rt.progressTopic, Partition: shard}
	defer rt.waits.over(openTransactionIn(at))
	err := rt.restorer.Restore(ctx, changelog.Request{
		TopicPartition: at, From: changelog.FromStart, Stuck: rt.fenceStuck,
		Apply: func(batch []*kgo.Record, _ records.Position) error {
			for _, r := range batch {
				if err := table.take(r); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return table, nil
}

// knows tells whether the component stands anywhere in the topic. With its first record a task gets a position in all partitions that there are,
// so one without was added to the topic since, and nothing of it has been read.
func (t progressTable) knows(component, topic string) bool {
	for key := range t {
		if key.Component == component && key.Topic == topic {
			return true
		}
	}
	return false
}

func (t progressTable) take(r *kgo.Record) error {
	key, err := records.ParseProgressKey(string(r.Key))
	if err != nil {
		return err
	}
	if r.Value == nil {
		delete(t, key)
		return nil
	}
	p, err := records.ParseProgress(r.Value)
	if err != nil {
		return fmt.Errorf("offset %d: %w", r.Offset, err)
	}
	t[key] = p
	return nil
}

// A sweeper ends transactions of absent instances, once for all shards that were assigned together.
type sweeper struct {
	// turn is held during a sweep: those that come meanwhile wait and see whether it was begun late enough for them.
	turn  *semaphore.Weighted
	begun time.Time
}

func newSweeper() sweeper { return sweeper{turn: semaphore.NewWeighted(1)} }

// run returns when a sweep has ended that began after the time given.
func (s *sweeper) run(ctx context.Context, rt *engine, after time.Time) error {
	if err := s.turn.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.turn.Release(1)
	if s.begun.After(after) {
		return nil
	}
	begun := time.Now()
	fenced, err := transactions.FenceAbsent(ctx, rt.admin, rt.config.Context, rt.config.Context, rt.config.Stores.InstanceID())
	if err != nil {
		return err
	}
	s.begun = begun
	if len(fenced) > 0 {
		rt.listener.Fenced(FencedEvent{TransactionalIDs: fenced, Took: time.Since(begun)})
	}
	return nil
}

// fenceStuck is called when reading does not get on below the end: a transaction is open that was not there, or not absent, a moment ago.
func (rt *engine) fenceStuck(ctx context.Context, s changelog.Standstill) error {
	err := rt.sweep.run(ctx, rt, time.Now())
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		rt.waits.say("fencing transactions of absent instances", err)
	}
	if stood := time.Since(s.Since); stood > standstillPatience {
		rt.waits.say(openTransactionIn(s.TopicPartition), fmt.Errorf("nothing can be read from position %d on, for %s now: a transaction there is neither "+
			"committed nor aborted, and none of this context's instances that are gone has one open; kafka-transactions.sh describe-producers tells whose it is",
			s.At, stood.Round(time.Second)))
	}
	return nil
}

// standstillPatience is longer than a transaction may take, and than brokers take to notice one that takes longer.
const standstillPatience = 25 * time.Second

func openTransactionIn(at records.TopicPartition) string {
	return fmt.Sprintf("an open transaction in %s", at)
}

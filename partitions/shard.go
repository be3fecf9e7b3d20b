package partitions

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A shard is one stay of all tasks of one partition number with this process. One goroutine (run) lives as long as the stay: it acquires the
// tasks, gives them to the lanes, takes them back and closes their stores.
type shard struct {
	engine   *engine
	number   int32
	owner    *ownership
	assigned time.Time
	state    State
	// previous is the stay before this one; its stores must be closed before this one opens them. Nil for the first.
	previous *shard

	leaveOnce sync.Once
	leftSince time.Time // Set when leaving is closed.
	// leaving is closed when the stay is to end, left when the lanes hold nothing of it any more, closed when its stores are closed too.
	leaving, left, closed chan struct{}
	// broken takes the first reason why the tasks must be acquired anew.
	broken chan error
	// awaited are topics that components wait for which are not among the tasks.
	awaited []*absentTopic
	// changed is closed when other components are wanted than those that were acquired last.
	changed <-chan struct{}
}

func newShard(rt *engine, number int32, memberID string, previous *shard) *shard {
	return &shard{
		engine: rt, number: number, owner: newOwnership(memberID), assigned: time.Now(), previous: previous,
		leaving: make(chan struct{}), left: make(chan struct{}), closed: make(chan struct{}), broken: make(chan error, 1),
	}
}

// leave ends the stay; it may be called again.
func (s *shard) leave() {
	s.leaveOnce.Do(func() {
		s.leftSince = time.Now()
		close(s.leaving)
	})
}

// breakDown asks for the tasks to be acquired anew.
func (s *shard) breakDown(err error) {
	select {
	case s.broken <- err:
	default:
	}
}

// what names the wait for the shard to run.
func (s *shard) what() string { return fmt.Sprintf("shard %d", s.number) }

func (s *shard) event() ShardEvent {
	return ShardEvent{Shard: s.number, Took: time.Since(s.assigned), Lost: s.owner.isLost()}
}

// run is the whole stay.
func (s *shard) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.leaving:
			cancel()
		case <-s.closed:
		}
	}()
	<-s.engine.joined
	if s.previous != nil {
		<-s.previous.closed
		s.previous = nil
	}
	var tasks []*task
	for ctx.Err() == nil {
		tasks = s.acquirePatiently(ctx)
		if tasks == nil {
			break
		}
		s.transitionTo(Running)
		s.engine.config.Views.show(tasks)
		s.engine.give(s, tasks)
		s.engine.listener.ShardRunning(s.event())
		if err := s.stay(ctx); err != nil {
			s.takeBack(true)
			s.engine.config.Views.hide(tasks)
			closeStores(tasks)
			tasks = nil
			s.transitionTo(Acquiring)
			if !errors.Is(err, errTopicCame) && !errors.Is(err, errUnmet) && !errors.Is(err, errOtherComponents) && !errors.Is(err, errRebuild) {
				s.engine.waits.say(s.what(), err)
				sleep(ctx, brokenPause)
			}
			continue
		}
		break
	}
	s.end(tasks)
}

// stay returns nil when the stay is to end, or why the tasks must be acquired anew.
func (s *shard) stay(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(s.awaited) > 0 {
		s.engine.shards.Go(func() { s.awaitTopics(ctx, s.awaited) })
	}
	select {
	case <-s.leaving:
		return nil
	case err := <-s.broken:
		return err
	case <-s.engine.needs.ceased():
		return errUnmet
	case <-s.changed:
		return errOtherComponents
	}
}

func (s *shard) end(tasks []*task) {
	if tasks != nil {
		s.takeBack(false)
	}
	s.transitionTo(Leaving)
	close(s.left)
	s.engine.config.Views.hide(tasks)
	closeStores(tasks)
	s.transitionTo(Closed)
	s.leave() // The engine may have ended without.
	s.engine.listener.ShardClosed(ShardEvent{Shard: s.number, Took: time.Since(s.leftSince), Lost: s.owner.isLost()})
	close(s.closed)
}

// takeBack gets the tasks back from the lanes: windows that hold them are finished, or dropped if drop is set or the shard is lost meanwhile. A
// lane that has ended holds nothing: one that cannot go on ends before its shards are asked back, and at a shutdown without brokers lanes end
// before what they were asked for.
func (s *shard) takeBack(drop bool) {
	lanes := s.engine.lanesOf(s.number)
	waits := make([]chan struct{}, len(lanes))
	ask := func(drop bool) {
		for i, l := range lanes {
			done := make(chan struct{})
			waits[i] = done
			l.ask(func() { l.release(s, drop, done) })
		}
	}
	ask(drop || s.owner.isLost())
	lost := s.owner.lost
	for i := 0; i < len(lanes); {
		select {
		case <-waits[i]:
			i++
		case <-lanes[i].ended:
			i++
		case <-lost:
			lost = nil
			ask(true)
			i = 0
		}
	}
}

// closeStores flushes and closes; what cannot be flushed is restored from the changelog next time, and a scratch store that is left is removed by the next
// rebuild, so an error harms nobody.
func closeStores(tasks []*task) {
	for _, t := range tasks {
		if t.rebuild != nil {
			_ = t.rebuild.close(t.shard)
		}
		if t.store != nil {
			_ = t.store.Close()
		}
	}
}

const (
	brokenPause     = time.Second
	acquirePauseMin = 50 * time.Millisecond
	acquirePauseMax = 5 * time.Second
)

// acquirePatiently tries until it works or ctx ends; then it returns nil.
func (s *shard) acquirePatiently(ctx context.Context) []*task {
	s.engine.listener.ShardAcquiring(s.event())
	if !s.engine.needs.await(ctx) || !s.engine.config.Controls.awaitSoon(ctx) {
		return nil
	}
	for pause := acquirePauseMin; ; pause = min(2*pause, acquirePauseMax) {
		tasks, err := s.acquire(ctx)
		if err == nil {
			s.engine.waits.over(s.what())
			return tasks
		}
		if ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, context.Canceled) {
			s.engine.waits.say(s.what(), err)
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// taskStopped tells of a task that cannot go on while the rest of its shard does.
func (s *shard) taskStopped(t *task, err error) {
	s.engine.listener.TaskStopped(TaskStopped{Component: t.component.Name, Shard: s.number, Err: err})
}

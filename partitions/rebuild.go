package partitions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// A changelog is a snapshot of what a component has written; another behaviour would have come to other states. A task may have to compute its state anew
// before it takes records: it reads what the state follows from beside the lane, and writes what has changed through it, in windows like any other. The
// rest of its shard goes on meanwhile.
//
// Nothing is noted on the way. The last window writes the sign that all is done (the component says where); until that is committed everything is begun
// anew, and what was written before is found to be right.

// A Rebuild computes the state of one task anew. It is used by one goroutine at a time.
type Rebuild interface {
	// Read reads what the state follows from, and may take as long as it takes. scratch is an empty store of its own, there until Write says that it is
	// done. An error with a [StopError] in it stops the task; after any other Read is called again, on an empty store.
	Read(ctx context.Context, scratch *statestore.Store, read ReadTopic) error
	// Write writes some of what has changed, and tells whether that was all. After an error the shard is acquired anew.
	Write(w Window) (done bool, err error)
	// Dropped says that what was written may not be committed: Write begins anew.
	Dropped()
}

// ReadTopic gives apply all committed records that the shard's partition of a topic has. If some were deleted before, it is a [StopError].
type ReadTopic func(ctx context.Context, topic string, apply func(batch []*kgo.Record) error) error

// rebuilding is a task whose state is computed anew.
type rebuilding struct {
	work    Rebuild
	scratch string
	store   *statestore.Store
	cancel  context.CancelFunc
	// ended is closed when reading has ended.
	ended chan struct{}
	begun time.Time
	// read: there is something to write. written: everything is in windows that were not given up.
	read    bool
	written bool
}

// rebuildOf is what a task has to do before it takes records; nil for most.
func (t *task) rebuildOf(o Orders) (*rebuilding, error) {
	if t.component.Rebuild == nil {
		return nil, nil
	}
	work, err := t.component.Rebuild(t.shard.number, t.store, o.Rebuild)
	if work == nil || err != nil {
		return nil, err
	}
	return &rebuilding{work: work, scratch: t.component.Name + scratchSuffix, ended: make(chan struct{}), begun: time.Now()}, nil
}

// errRebuild is why a shard is acquired anew of which a task's state is to be computed anew.
var errRebuild = errors.New("the state of a task is to be computed anew")

// wantsRebuild tells whether the task has to be opened anew for what an operator wants. Until that is done the wish is not met: who asks how the task does
// would take one that goes on meanwhile for one that is done.
func (t *task) wantsRebuild(o Orders) bool {
	if t.component.Rebuild == nil || o.Rebuild <= t.asked {
		return false
	}
	if t.rebuild != nil {
		return true
	}
	r, err := t.rebuildOf(o)
	if r != nil || err != nil {
		return true
	}
	t.asked = o.Rebuild
	return false
}

// scratchSuffix makes the name of a scratch store; no component, and no version of one, has a name that ends so.
const scratchSuffix = ".rebuild"

// startRebuild reads beside the lane, and has what follows written when all is read.
func (l *lane) startRebuild(t *task) {
	r := t.rebuild
	ctx, cancel := context.WithCancel(l.engine.ctx)
	r.cancel = cancel
	l.engine.listener.StateRebuilding(StateEvent{Component: t.component.Name, Shard: t.shard.number})
	go func() {
		defer close(r.ended)
		var stop *StopError
		what := fmt.Sprintf("the events of %s/%d, for its states", t.component.Name, t.shard.number)
		if !l.engine.patiently(ctx, what, func(ctx context.Context) error {
			err := t.readForRebuild(ctx)
			if errors.As(err, &stop) {
				return nil
			}
			return err
		}) {
			return
		}
		l.ask(func() { l.rebuildRead(t, stop) })
	}()
}

func (t *task) readForRebuild(ctx context.Context) error {
	r, s := t.rebuild, t.shard
	// A process that was killed has left one, too.
	if err := errors.Join(r.closeScratch(), s.engine.config.Stores.RemoveStore(r.scratch, s.number)); err != nil {
		return err
	}
	var err error
	if r.store, err = s.engine.config.Stores.Open(r.scratch, s.number); err != nil {
		return err
	}
	return r.work.Read(ctx, r.store, s.readTopic)
}

// readTopic is a [ReadTopic].
func (s *shard) readTopic(ctx context.Context, topic string, apply func([]*kgo.Record) error) error {
	at := records.TopicPartition{Topic: topic, Partition: s.number}
	bounds, err := s.engine.asks.Bounds(ctx, topic)
	if err != nil {
		return err
	}
	if start := bounds[at].Start; start > 0 {
		return &StopError{Err: fmt.Errorf("%s begins at %d: the events before were deleted, and what states follow from is not known without them", at, start)}
	}
	defer s.engine.waits.over(openTransactionIn(at))
	return s.engine.restorer.Restore(ctx, changelog.Request{
		TopicPartition: at, From: changelog.FromStart, Stuck: s.engine.fenceStuck,
		Apply: func(batch []*kgo.Record, _ records.Position) error { return apply(batch) },
	})
}

// rebuildRead goes on to writing, unless the task has left the lane meanwhile.
func (l *lane) rebuildRead(t *task, stop *StopError) {
	switch {
	case !slices.Contains(l.tasks[t.shard], t) || l.closing[t.shard] != nil:
	case stop != nil:
		l.stopTask(t, stop)
	default:
		t.rebuild.read = true
		l.rebuilds = append(l.rebuilds, t)
	}
}

// mayRebuild tells whether there is something to write for a task's rebuild, and room for it.
func (l *lane) mayRebuild() bool { return len(l.rebuilds) > 0 && !l.recovering && !l.full() }

// writeRebuilds has tasks write a portion each into the open window.
func (l *lane) writeRebuilds(ctx context.Context, now time.Time) {
	for _, t := range slices.Clone(l.rebuilds) {
		if !l.mayRebuild() {
			return
		}
		p := l.openWindow(now).partOf(t)
		done, err := t.rebuild.work.Write(&view{ctx: ctx, part: p, nowMS: now.UnixMilli(), replies: l.engine.replies, targets: l.engine.targets})
		l.open.collect(p)
		if done || err != nil {
			l.rebuilds = slices.DeleteFunc(l.rebuilds, func(other *task) bool { return other == t })
		}
		t.rebuild.written = done
		if err != nil {
			l.breakShard(t.shard, fmt.Errorf("%s/%d: %w", t.component.Name, t.shard.number, err))
		}
	}
}

// rebuildDropped has a task write anew, as a window with some of it was given up.
func (l *lane) rebuildDropped(t *task) {
	if t.rebuild == nil || !t.rebuild.read {
		return
	}
	t.rebuild.work.Dropped()
	t.rebuild.written = false
	// The window may have been given up because its shard is leaving: then what the task had to write with is being closed.
	if l.closing[t.shard] == nil && !slices.Contains(l.rebuilds, t) {
		l.rebuilds = append(l.rebuilds, t)
	}
}

// rebuildCommitted lets a task take records once everything that was to be written is committed.
func (l *lane) rebuildCommitted(t *task) {
	r := t.rebuild
	if r == nil || !r.written || t.open != nil {
		return
	}
	t.rebuild = nil
	err := r.close(t.shard)
	l.engine.listener.StateRebuilt(StateEvent{Component: t.component.Name, Shard: t.shard.number, Took: time.Since(r.begun), Err: err})
	l.resume(t)
}

// close ends the reading and takes the scratch store away.
func (r *rebuilding) close(s *shard) error {
	if r.cancel != nil {
		r.cancel()
		<-r.ended
	}
	return errors.Join(r.closeScratch(), s.engine.config.Stores.RemoveStore(r.scratch, s.number))
}

func (r *rebuilding) closeScratch() error {
	if r.store == nil {
		return nil
	}
	err := r.store.Close()
	r.store = nil
	return err
}

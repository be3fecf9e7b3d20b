package partitions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/transactions"
	"github.com/partita-io/partita/statestore"
)

// errLost says that a shard of the window was taken away: nothing of the window may be committed.
var errLost = errors.New("a shard of the window was lost")

// A result is what a commit or a recovery ends with.
type result struct {
	window  *window
	outcome transactions.Outcome
	err     error
	// recovered marks the end of a recovery; its window is nil unless the recovery had an unknown outcome to settle.
	recovered bool
	// twin says that another process runs under this instance's id.
	twin error
	// broken are tasks whose store did not take the committed window.
	broken map[*task]error
}

// mayCommit: one commit at a time, the floor between their starts, something to commit.
func (l *lane) mayCommit(now time.Time) bool {
	return l.open != nil && l.committing == nil && !l.recovering && now.Sub(l.lastCommit) >= l.commitFloor()
}

// send hands what was decided over to the producer, unless the window before is not whole in the log yet: its records must come first, see
// package transactions.
func (l *lane) send(ctx context.Context) {
	w := l.open
	if w == nil || len(w.waiting) == 0 || l.recovering || (l.committing != nil && !l.committing.flushed.Load()) {
		return
	}
	if w.tx == nil {
		tx, err := l.pair.Begin()
		if err != nil {
			// The producer has failed for good. A commit under way on the other one is waited for; the recovery after it makes both anew.
			if l.committing == nil {
				l.report(result{window: w, err: err})
				l.failed(ctx, nil)
			}
			return
		}
		w.tx = tx
	}
	for _, o := range w.waiting {
		w.tx.Produce(ctx, o.record)
	}
	w.sent = append(w.sent, w.waiting...)
	clear(w.waiting)
	w.waiting = w.waiting[:0]
}

// startCommit closes the open window and commits it beside the lane.
func (l *lane) startCommit(ctx context.Context) {
	w := l.open
	now := time.Now()
	w.close(l.engine.progressTopic, now.UnixMilli())
	l.send(ctx)
	if l.open == nil || w.tx == nil {
		return
	}
	for _, p := range w.parts {
		p.task.committing, p.task.open = &p.overlay, nil
	}
	l.open, l.committing = nil, w
	l.lastCommit, w.committedAt = now, now
	l.showOverlays()
	commitCtx, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	l.underway = true
	go func() {
		defer cancel()
		r := result{window: w}
		r.outcome, r.err = l.commit(commitCtx, w)
		if r.outcome == transactions.Committed {
			r.broken = l.apply(w)
		}
		l.results <- r
		l.wake()
	}()
}

// commit is produce → flush → fence → end, from flush on.
func (l *lane) commit(ctx context.Context, w *window) (transactions.Outcome, error) {
	if err := w.tx.Flush(ctx); err != nil {
		return transactions.Aborted, err
	}
	w.flushed.Store(true)
	l.wake()
	if err := l.fence(ctx, w); err != nil {
		return transactions.Aborted, err
	}
	return w.tx.End(ctx)
}

const (
	// fencePatience is how long a window waits for the group to make up its mind; less than the transaction timeout.
	fencePatience = 4 * time.Second
	fencePoll     = 20 * time.Millisecond
)

// fence asks the group to vouch for the window's shards. A refusal is not the end while they are still ours: a rebalance that moves other shards
// changes the generation, and the same transaction is good under the new one.
func (l *lane) fence(ctx context.Context, w *window) error {
	shards := w.shards()
	deadline := time.Now().Add(fencePatience)
	for {
		member, generation := l.engine.member.GroupMetadata()
		if lostAny(shards, member) {
			return errLost
		}
		err := w.tx.Fence(ctx, transactions.Fence{
			Group: l.engine.config.Context, Topic: l.engine.progressTopic, TopicID: l.engine.progressID,
			MemberID: member, Generation: generation, Shards: numbers(shards),
		})
		if err == nil {
			return nil
		}
		switch {
		case errors.Is(err, transactions.ErrNotMember):
		case remedyOf(err) == client.Regenerate, remedyOf(err) == client.Leave, remedyOf(err) == client.Retry:
		default:
			return err
		}
		if time.Now().After(deadline) || !sleep(ctx, fencePoll) {
			return err
		}
	}
}

// lostAny tells whether a shard is not ours any more, or ours under another member id than the group knows now.
func lostAny(shards []*shard, member string) bool {
	for _, s := range shards {
		if s.owner.isLost() || (member != "" && s.owner.memberID != member) {
			return true
		}
	}
	return false
}

func numbers(shards []*shard) []int32 {
	list := make([]int32, len(shards))
	for i, s := range shards {
		list[i] = s.number
	}
	return list
}

// apply writes a committed window to the stores, each share with its checkpoint in one batch. Shards that were lost meanwhile are left alone:
// their stores stay at a prefix of history all the same.
func (l *lane) apply(w *window) map[*task]error {
	var broken map[*task]error
	for _, p := range w.parts {
		if p.task.store == nil || len(p.overlay.order) == 0 || p.task.shard.owner.isLost() {
			continue
		}
		if err := p.applyTo(p.task.store, w.tx.LeaderEpoch(p.task.component.Changelog, p.task.shard.number)); err != nil {
			if broken == nil {
				broken = make(map[*task]error)
			}
			broken[p.task] = fmt.Errorf("applying a committed window to the store of %s/%d: %w", p.task.component.Name, p.task.shard.number, err)
		}
	}
	return broken
}

func (p *part) applyTo(store *statestore.Store, leaderEpoch int32) error {
	changes := make([]statestore.Change, len(p.overlay.order))
	checkpoint := statestore.Checkpoint{TopicID: p.task.changelogID, LeaderEpoch: leaderEpoch}
	for i, c := range p.overlay.order {
		changes[i] = statestore.Change{Key: c.key, Value: c.value}
		if at := int64(records.Offset(c.written.Offset).Next()); at > checkpoint.Position {
			checkpoint.Position, checkpoint.TimeMS = at, c.written.Timestamp.UnixMilli()
		}
	}
	return store.Apply(changes, checkpoint)
}

// takeResult handles what a commit or a recovery ended with.
func (l *lane) takeResult(ctx context.Context) error {
	var r result
	select {
	case r = <-l.results:
		l.underway = false
	default:
		return nil
	}
	if r.recovered {
		l.recovering = false
	} else if r.err != nil && remedyOf(r.err) == client.Rebuild {
		l.takings.add(time.Now())
	}
	switch {
	case r.window == nil:
	case r.outcome == transactions.Committed:
		l.committed(r)
	case r.outcome == transactions.Unknown:
		l.report(r)
		l.recover(ctx, r.window)
	default:
		l.report(r)
		l.failed(ctx, r.window)
	}
	return r.twin
}

// committed releases what the world may see.
func (l *lane) committed(r result) {
	w := r.window
	l.committing = nil
	l.succeeded()
	l.showOverlays()
	if l.caution *= 2; l.caution > l.engine.config.WindowRecords {
		l.caution = 0
	}
	for _, p := range w.parts {
		p.task.committing = nil
		l.goesOn(p.task)
		for _, n := range p.notes {
			n.input.committed, n.input.written, n.input.recorded = n.position, n.position, true
		}
		l.rebuildCommitted(p.task)
	}
	if r.recovered && l.open != nil {
		l.open.resend()
	}
	l.report(r)
	for t, err := range r.broken {
		l.breakShard(t.shard, err)
	}
}

// resend starts the window's transaction over, on a producer made anew; what was decided stays good, as the window before it was committed. The
// closed producer may still be writing to the records that it had, so they are copied.
func (w *window) resend() {
	w.tx = nil
	for i := range w.sent {
		old := w.sent[i].record
		w.sent[i].record = &kgo.Record{
			Topic: old.Topic, Partition: old.Partition, Key: old.Key, Value: old.Value, Headers: old.Headers, Timestamp: old.Timestamp,
		}
	}
	w.waiting, w.sent = append(w.sent, w.waiting...), nil
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

package partitions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/transactions"
)

// failed drops w, which was aborted, and the window that was decided on top of it; w is nil if nothing was being committed. Their records go
// back to the head of the queue, those that the broker refused marked so.
func (l *lane) failed(ctx context.Context, w *window) {
	if w == nil {
		w = l.open
	}
	away := make(map[string]error)
	if !l.markRefused(w, away) {
		l.stuck(w)
	}
	l.abandon()
	l.holdWriters(away)
	l.recover(ctx, nil)
}

// abandon drops the windows under way. The producers hold their records still: a recovery must follow unless nothing was sent.
func (l *lane) abandon() {
	var again []batch
	for _, w := range []*window{l.committing, l.open} {
		if w == nil {
			continue
		}
		for _, p := range w.parts {
			again = append(again, p.batches...)
			p.task.open, p.task.committing = nil, nil
			p.task.processor.Dropped()
			l.rebuildDropped(p.task)
		}
	}
	l.open, l.committing = nil, nil
	// Positions go back to where each input's first batch began.
	for i := len(again) - 1; i >= 0; i-- {
		again[i].input.decided = again[i].from
	}
	l.backlog = append(again, l.backlog...)
	l.dropBacklogOfClosing()
}

// dropBacklogOfClosing forgets records of shards that are on their way out: whoever owns them next reads them again.
func (l *lane) dropBacklogOfClosing() {
	kept := l.backlog[:0]
	for _, b := range l.backlog {
		if l.closing[b.input.task.shard] == nil {
			kept = append(kept, b)
		}
	}
	clear(l.backlog[len(kept):])
	l.backlog = kept
}

// dropOpen throws away the open window if it holds a shard that is to be dropped; the others' records are decided again.
func (l *lane) dropOpen(ctx context.Context) {
	if l.open == nil || l.committing != nil || l.recovering {
		return
	}
	for s, r := range l.closing {
		if r.drop && l.open.holds(s) {
			sent := l.open.tx != nil
			l.abandon()
			if sent {
				l.recover(ctx, nil)
			}
			return
		}
	}
}

// takeBacklog takes batches of at most room records from the head of the queue.
func (l *lane) takeBacklog(room int) []batch {
	var taken []batch
	for len(l.backlog) > 0 && room > 0 {
		head, rest := l.backlog[0].cut(room)
		room -= len(head.records)
		taken = append(taken, head)
		if rest.input != nil {
			l.backlog[0] = rest
			break
		}
		l.backlog = l.backlog[1:]
	}
	return taken
}

// cut splits a batch after n records; rest is the zero batch if it has no more.
func (b batch) cut(n int) (head, rest batch) {
	if len(b.records) <= n {
		return b, batch{}
	}
	head, rest = b, b
	at := records.Position(b.records[n].Offset)
	head.records, rest.records = b.records[:n:n], b.records[n:]
	head.to, rest.from = at, at
	head.bytes = b.bytes * n / len(b.records)
	rest.bytes = b.bytes - head.bytes
	return head, rest
}

// markRefused looks for the record whose output the broker will never take. A refused reply is left out next time; for anything else the record
// that caused it is dead-lettered. The broker refuses batches as a whole, so when outputs of several records are refused the one among them is
// searched: the records are decided again in windows of half the size until a window holds one. It tells whether it came closer: then the next
// try is worth making at once. Topics of messages that cannot be written to now are put into away: their writers are held.
func (l *lane) markRefused(w *window, away map[string]error) bool {
	if w == nil || w.tx == nil {
		return false
	}
	refused := make(map[*kgo.Record]error)
	for _, r := range w.tx.Refusals() {
		refused[r.Record] = r.Err
	}
	suspects, closer, onlyAnswers := make(map[*Record]output), false, onlyAnswersFailed(w, refused)
	for _, o := range w.sent {
		err := refused[o.record]
		if err == nil {
			continue
		}
		remedy, foreign := client.RemedyFor(err), !strings.HasPrefix(o.record.Topic, l.engine.config.Context+".")
		gone := client.IsMissingTopic(err) || client.IsMissingPartition(err)
		missing := gone || remedy == client.Authorize
		switch {
		case o.kind == OutputMessage && (missing || remedy == client.Retry):
			away[o.record.Topic], closer = err, true
		// An answer that an entity waits for is a command, and is waited with until its topic can be written to again.
		case o.kind == OutputReply && (missing || onlyAnswers && foreign && !records.IsCommands(o.record.Topic) && remedy == client.Retry):
			o.cause.ReplyRefused, closer = true, true
		case o.kind == OutputSend && foreign && gone:
			// Decided again, it is asked whether it is there at all.
			l.engine.replies.forget(o.record.Topic)
			closer = true
		case o.cause != nil && remedy == client.Refuse && !missing:
			suspects[o.cause] = o
		case remedy == client.Retry || missing:
			l.waitFor(fmt.Sprintf("writing to %s/%d", o.record.Topic, o.record.Partition), client.NameRight(err, "WRITE", "topic "+o.record.Topic))
		}
	}
	if len(suspects) > 1 {
		l.caution = max(1, w.records/2)
		return true
	}
	for cause, o := range suspects {
		if o.kind == OutputReply {
			cause.ReplyRefused = true
		} else {
			cause.Refused = fmt.Sprintf("%s/%d: %v", o.record.Topic, o.record.Partition, refused[o.record])
		}
	}
	return closer || len(suspects) > 0
}

// onlyAnswersFailed tells whether nothing of a window was refused but answers: then the brokers are well, and where these go is not.
func onlyAnswersFailed(w *window, refused map[*kgo.Record]error) bool {
	for _, o := range w.sent {
		if refused[o.record] != nil && o.kind != OutputReply {
			return false
		}
	}
	return true
}

const (
	recoveryPauseMin = 20 * time.Millisecond
	recoveryPauseMax = 5 * time.Second
)

// recover makes the lane's producers anew, however long the brokers take. unsettled is a window whose outcome is unknown, or nil: with the
// producers anew it is settled, and the progress topic tells which way. Until then the lane sends nothing.
func (l *lane) recover(ctx context.Context, unsettled *window) {
	l.recovering, l.underway = true, true
	patience, suspicious := l.setback.pause(), l.takings.suspicious()
	go func() {
		r := result{recovered: true, window: unsettled, outcome: transactions.Aborted}
		if !l.settlePatiently(ctx, &r) {
			l.results <- result{recovered: true}
			return
		}
		if suspicious {
			r.twin = l.engine.findTwin(ctx)
		}
		switch {
		case r.outcome == transactions.Committed:
			r.broken = l.apply(r.window)
		case unsettled == nil:
			sleep(ctx, patience)
		}
		l.results <- r
		l.wake()
	}()
}

// settlePatiently tries until it works; false when ctx ended first.
func (l *lane) settlePatiently(ctx context.Context, r *result) bool {
	what := "producers of lane " + l.name
	for pause := recoveryPauseMin; ; pause = min(2*pause, recoveryPauseMax) {
		err := l.settle(ctx, r)
		if err == nil {
			l.engine.waits.over(what)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		r.err = err
		l.engine.waits.say(what, err)
		if !sleep(ctx, pause) {
			return false
		}
	}
}

func (l *lane) settle(ctx context.Context, r *result) error {
	ctx, cancel := context.WithTimeout(ctx, recoveryTimeout)
	defer cancel()
	if err := l.pair.Reset(ctx); err != nil {
		return err
	}
	if r.window == nil {
		return nil
	}
	found, err := l.engine.findWindow(ctx, r.window)
	if err != nil {
		return err
	}
	r.outcome = transactions.Aborted
	if found {
		r.outcome = transactions.Committed
	}
	return nil
}

const recoveryTimeout = 15 * time.Second

// findWindow looks in the progress topic for the window, on all its shards: one that was lost meanwhile may have been written over by its new
// owner, and if all were, nothing of the window is ours to apply anyway.
func (rt *engine) findWindow(ctx context.Context, w *window) (bool, error) {
	for _, part := range w.parts {
		progress, err := rt.readProgress(ctx, part.task.shard.number)
		if err != nil {
			return false, err
		}
		for _, n := range part.notes {
			key := records.ProgressKey{Component: part.task.component.Name, TopicPartition: n.input.TopicPartition}
			if progress[key].Window == w.id {
				return true, nil
			}
		}
	}
	return false, nil
}

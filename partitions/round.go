package partitions

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// A round is what one shard has to decide at once.
type round struct {
	shard *shard
	work  []work
	// stops are the tasks that go no further, and err is why none of the shard's can go on.
	stops map[*task]*StopError
	err   error
}

type work struct {
	part  *part
	batch batch
	// decided is how many of the batch's records were given to the processor.
	decided int
}

// assign sorts batches by shard, and gives their tasks a share of the open window.
func (l *lane) assign(batches []batch) []*round {
	var rounds []*round
	byShard := make(map[*shard]*round)
	for _, b := range batches {
		t := b.input.task
		r, ok := byShard[t.shard]
		if !ok {
			r = &round{shard: t.shard}
			byShard[t.shard] = r
			rounds = append(rounds, r)
		}
		r.work = append(r.work, work{part: l.open.partOf(t), batch: b})
	}
	return rounds
}

// A budget is what the rounds that are decided together may use up: bytes of input and output, and time. What records lead to is known only when
// they are decided, and a lane that decides for too long serves nobody and keeps its transaction open.
type budget struct {
	bytes int64
	time  time.Duration
	until time.Time
	left  atomic.Int64
}

// decideMost is how long records are decided before the lane looks at what else there is.
const decideMost = 500 * time.Millisecond

func (l *lane) budget(now time.Time) *budget {
	b := &budget{bytes: int64(l.engine.config.WindowBytes), time: decideMost, until: now.Add(decideMost)}
	b.left.Store(b.bytes - int64(l.open.bytes))
	return b
}

func (b *budget) spent(now time.Time) bool { return b.left.Load() <= 0 || !now.Before(b.until) }

// share is the part of the budget that bytes or a time are, whichever is larger.
func (b *budget) share(bytes int, took time.Duration) float64 {
	return max(float64(bytes)/float64(b.bytes), float64(took)/float64(b.time))
}

// A portion is how many records a task's processor is given in one call. A budget is looked at between calls, so a call should use little of it.
type portion int

const (
	portionFirst portion = 16
	portionMost  portion = 512
	// A call that used more of the budget than portionHeavy is followed by a smaller one, one that used less than portionLight by a larger one.
	portionHeavy = 1.0 / 16
	portionLight = 1.0 / 64
)

func (p portion) after(share float64) portion {
	switch {
	case share > portionHeavy:
		return max(1, p/2)
	case share < portionLight:
		return min(portionMost, 2*p)
	}
	return p
}

// decide works until all is decided or the budget is spent.
func (r *round) decide(ctx context.Context, nowMS int64, rt *engine, room *budget) {
	begun := time.Now()
	for i := range r.work {
		w := &r.work[i]
		t := w.part.task
		for w.decided < len(w.batch.records) && r.stops[t] == nil {
			if room.spent(begun) {
				return
			}
			next := w.batch.records[w.decided:min(len(w.batch.records), w.decided+int(t.portion))]
			had := w.part.bytes
			v := &view{ctx: ctx, part: w.part, nowMS: nowMS, replies: rt.replies, targets: rt.targets}
			err := t.processor.Process(v, next)
			w.decided += len(next)
			ended, used := time.Now(), w.part.bytes-had+sizeOf(next)
			room.left.Add(-int64(used))
			t.portion = t.portion.after(room.share(used, ended.Sub(begun)))
			begun = ended
			var stop *StopError
			switch {
			case errors.As(err, &stop):
				if r.stops == nil {
					r.stops = make(map[*task]*StopError)
				}
				r.stops[t] = stop
			case err != nil:
				r.err = fmt.Errorf("%s/%d: %w", t.component.Name, r.shard.number, err)
				return
			}
		}
	}
}

// enter takes what a round has decided into the window, and appends what it has not to left.
func (w *window) enter(r *round, left []batch) []batch {
	for _, work := range r.work {
		w.collect(work.part)
		if work.decided == 0 {
			left = append(left, work.batch)
			continue
		}
		done, rest := work.batch.cut(work.decided)
		work.part.batches = append(work.part.batches, done)
		done.input.decided = done.to
		w.records += len(done.records)
		w.bytes += done.bytes
		if rest.input != nil {
			left = append(left, rest)
		}
	}
	return left
}

package partitions

import (
	"time"

	"github.com/partita-io/partita/kafka/transactions"
)

// withDefaults returns the listener with functions that do nothing where there are none.
func (l Listener) withDefaults() *Listener {
	fill(&l.ShardAcquiring)
	fill(&l.RestoreProgress)
	fill(&l.StoreRebuilt)
	fill(&l.ShardRunning)
	fill(&l.StateRebuilding)
	fill(&l.StateRebuilt)
	fill(&l.ShardClosed)
	fill(&l.TaskStopped)
	fill(&l.TaskGoesOn)
	fill(&l.WindowEnded)
	fill(&l.Fenced)
	fill(&l.GroupChanged)
	fill(&l.Waiting)
	fill(&l.Resumed)
	fill(&l.NeedChanged)
	return &l
}

func fill[E any](f *func(E)) {
	if *f == nil {
		*f = func(E) {}
	}
}

// report tells what became of a window. Tallies are told of committed ones only: nothing is visible before its transaction is committed.
func (l *lane) report(r result) {
	w := r.window
	e := WindowEvent{
		Side: l.side, Outcome: r.outcome.String(), Shards: len(w.shards()), Records: w.records, Outputs: len(w.sent),
		Open: w.committedAt.Sub(w.openedAt), Commit: time.Since(w.committedAt), Err: r.err,
	}
	if r.outcome == transactions.Committed {
		for _, p := range w.parts {
			e.Tasks = append(e.Tasks, TaskTally{
				Component: p.task.component.Name, Shard: p.task.shard.number, Tallies: p.tallies, Lag: p.task.lag(),
			})
		}
	}
	l.engine.listener.WindowEnded(e)
}

// showOverlays tells how much the lane's windows hold.
func (l *lane) showOverlays() {
	sizes := make(map[string]int64)
	for _, w := range []*window{l.committing, l.open} {
		if w == nil {
			continue
		}
		for _, p := range w.parts {
			sizes[p.task.component.Name] += int64(p.overlay.bytes)
		}
	}
	l.engine.config.Views.setOverlays(l.name, sizes)
}

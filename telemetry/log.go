package telemetry

import (
	"log/slog"
	"sync"
	"time"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

const (
	// restoreLogInterval is how often a line says how far restoring has come, over all stores.
	restoreLogInterval = 5 * time.Second
	// repeatInterval is how often lines of one kind come that each window could cause.
	repeatInterval = 10 * time.Second
)

// Log is a listener that writes lines. Lines that could come with every window, or for every store, are gathered into one every few seconds.
func Log(context string, logger *slog.Logger, now func() time.Time) partitions.Listener {
	l := &logListener{
		logger: logger.With(slog.String("context", context)), now: now, deadLetters: topics.Context{Name: context}.DeadLetters().Name,
		restoring: map[taskName]partitions.RestoreEvent{}, met: map[string]bool{},
	}
	l.repeats.of = map[repeated]*repeat{}
	return partitions.Listener{
		ShardAcquiring:  func(e partitions.ShardEvent) { l.logger.Debug("shard is being acquired", shardAttr(e.Shard)) },
		RestoreProgress: l.restoreProgress,
		StoreRebuilt: func(e partitions.StoreEvent) {
			l.logger.Warn("store is restored in full", componentAttr(e.Component), shardAttr(e.Shard), slog.String("reason", e.Reason))
		},
		ShardRunning: func(e partitions.ShardEvent) { l.logger.Info("shard runs", shardAttr(e.Shard), tookAttr(e.Took)) },
		ShardClosed: func(e partitions.ShardEvent) {
			l.logger.Info("shard closed", shardAttr(e.Shard), slog.Bool("lost", e.Lost), tookAttr(e.Took))
		},
		StateRebuilding: func(e partitions.StateEvent) {
			l.logger.Info("states are computed anew from the events, commands wait", componentAttr(e.Component), shardAttr(e.Shard))
		},
		StateRebuilt: func(e partitions.StateEvent) {
			l.logger.Info("states were computed anew", componentAttr(e.Component), shardAttr(e.Shard), tookAttr(e.Took))
			if e.Err != nil {
				l.logger.Warn("what it took is left on disk", componentAttr(e.Component), shardAttr(e.Shard), errorAttr(e.Err))
			}
		},
		TaskStopped: func(e partitions.TaskStopped) {
			l.logger.Error("task stopped", componentAttr(e.Component), shardAttr(e.Shard), errorAttr(e.Err))
		},
		TaskGoesOn: func(e partitions.TaskGoesOn) {
			l.logger.Info("task goes on", componentAttr(e.Component), shardAttr(e.Shard))
		},
		WindowEnded: l.windowEnded,
		Fenced: func(e partitions.FencedEvent) {
			l.logger.Info("transactions of absent instances were ended", slog.Any("transactional_ids", e.TransactionalIDs), tookAttr(e.Took))
		},
		GroupChanged: l.groupChanged,
		Waiting: func(e partitions.WaitingEvent) {
			l.logger.Warn("waiting", slog.String("for", e.For), errorAttr(e.Err), slog.Duration("retry", e.Retry))
		},
		NeedChanged: l.needChanged,
		Resumed:     func(e partitions.WaitingEvent) { l.logger.Info("going on", slog.String("for", e.For)) },
	}
}

type taskName struct {
	component string
	shard     int32
}

type logListener struct {
	logger *slog.Logger
	now    func() time.Time
	// deadLetters is the topic to look into.
	deadLetters string
	repeats     repeats

	// mu guards what follows: stores are restored side by side.
	mu          sync.Mutex
	mixed       bool
	met         map[string]bool
	restoring   map[taskName]partitions.RestoreEvent
	restoreLine time.Time
}

func (l *logListener) restoreProgress(e partitions.RestoreEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := taskName{e.Component, e.Shard}
	if e.Remaining == 0 {
		delete(l.restoring, name)
		l.logger.Debug("store is restored", componentAttr(e.Component), shardAttr(e.Shard), slog.Int64("records", e.RecordsRead), tookAttr(e.Took))
		return
	}
	if len(l.restoring) == 0 {
		l.restoreLine = l.now() // Only what takes long is worth a line.
	}
	l.restoring[name] = e
	if l.now().Sub(l.restoreLine) < restoreLogInterval {
		return
	}
	l.restoreLine = l.now()
	var read, remaining int64
	for _, r := range l.restoring {
		read += r.RecordsRead
		remaining += r.Remaining
	}
	l.logger.Info("restoring", slog.Int("stores", len(l.restoring)), slog.Int64("read", read), slog.Int64("remaining", remaining))
}

func (l *logListener) groupChanged(e partitions.GroupEvent) {
	l.mu.Lock()
	was := l.mixed
	l.mixed = e.Mixed()
	l.mu.Unlock()
	if was && !e.Mixed() {
		l.logger.Info("all members of the group run the same version")
	}
	if !e.Mixed() {
		return
	}
	l.logger.Warn("members of the group run different versions: what a shard's owner lacks stands still there until they are the same",
		slog.Any("instances_by_version", e.Versions), slog.Any("standing_shards", e.Standing))
}

// needChanged tells of needs that are met from now on, or not any more. Why not is told with what is waited for.
func (l *logListener) needChanged(e partitions.NeedEvent) {
	l.mu.Lock()
	was := l.met[e.Need]
	l.met[e.Need] = e.Met
	l.mu.Unlock()
	switch {
	case e.Met && !was:
		l.logger.Info("what the shards need is there", slog.String("need", e.Need))
	case was && !e.Met:
		l.logger.Error("shards stand still: what they need is not there any more", slog.String("need", e.Need), errorAttr(e.Trouble))
	}
}

func (l *logListener) windowEnded(e partitions.WindowEvent) {
	l.logDeadLetters(e)
	l.logParked(e)
	if e.Err == nil {
		l.logger.Debug("window ended", sideAttr(e.Side), slog.String("outcome", e.Outcome), slog.Int("records", e.Records),
			slog.Int("outputs", e.Outputs), slog.Duration("open", e.Open), slog.Duration("commit", e.Commit))
		return
	}
	what := repeated{message: "window", side: e.Side, label: e.Outcome}
	if n, due := l.repeats.add(what, 1, l.now()); due {
		l.logger.Warn("window was not committed", sideAttr(e.Side), slog.String("outcome", e.Outcome), slog.Int("records", e.Records),
			slog.Int("times", n), errorAttr(e.Err))
	}
}

func (l *logListener) logDeadLetters(e partitions.WindowEvent) {
	for _, task := range e.Tasks {
		for reason, g := range gathered(task.Tallies, partitions.DeadLettered) {
			what := repeated{message: "dead letter", component: task.Component, label: reason}
			if n, due := l.repeats.add(what, g.count, l.now()); due {
				l.logger.Warn("records went to the dead letters", componentAttr(task.Component), shardAttr(task.Shard),
					slog.Int("records", n), slog.String("reason", reason), slog.String("last", g.last), slog.String("topic", l.deadLetters))
			}
		}
	}
}

// logParked tells of entities that are parked from now on; what waits behind is no news.
func (l *logListener) logParked(e partitions.WindowEvent) {
	for _, task := range e.Tasks {
		for reason, g := range gathered(task.Tallies, partitions.CommandParked) {
			if reason == string(entities.Untried) {
				continue
			}
			what := repeated{message: "parked", component: task.Component, label: reason}
			if n, due := l.repeats.add(what, g.count, l.now()); due {
				l.logger.Warn("entities are parked: their commands wait", componentAttr(task.Component), shardAttr(task.Shard),
					slog.Int("entities", n), slog.String("reason", reason), slog.String("last", g.last), slog.String("see", "processor parked DIR list"))
			}
		}
	}
}

// A gathering is how often something was counted for one reason, and the last detail.
type gathering struct {
	count int
	last  string
}

func gathered(tallies []partitions.Tally, kind partitions.TallyKind) map[string]gathering {
	var byReason map[string]gathering
	for _, t := range tallies {
		if t.Kind == kind {
			if byReason == nil {
				byReason = map[string]gathering{}
			}
			byReason[t.Label] = gathering{count: byReason[t.Label].count + 1, last: t.Detail}
		}
	}
	return byReason
}

func componentAttr(component string) slog.Attr { return slog.String("component", component) }
func shardAttr(shard int32) slog.Attr          { return slog.Int("shard", int(shard)) }
func sideAttr(side partitions.Side) slog.Attr  { return slog.String("side", side.String()) }
func tookAttr(took time.Duration) slog.Attr    { return slog.Duration("took", took) }

func errorAttr(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	return slog.String("error", err.Error())
}

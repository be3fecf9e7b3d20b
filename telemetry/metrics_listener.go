package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/partita-io/partita/partitions"
)

// Listener counts what the engine tells.
func (m *Metrics) Listener() partitions.Listener {
	return partitions.Listener{
		ShardAcquiring:  func(e partitions.ShardEvent) { m.setState(e.Shard, acquiring) },
		ShardRunning:    func(e partitions.ShardEvent) { m.setState(e.Shard, running) },
		ShardClosed:     func(e partitions.ShardEvent) { m.shardClosed(e.Shard) },
		RestoreProgress: m.restoreProgress,
		GroupChanged:    m.groupChanged,
		WindowEnded:     m.windowEnded,
	}
}

func (m *Metrics) setState(shard int32, state shardState) {
	m.states.set(shard, state)
	m.showStates()
}

// shardClosed forgets the gauges of a shard: another process shows them from now on.
func (m *Metrics) shardClosed(shard int32) {
	m.states.remove(shard)
	m.showStates()
	gone := prometheus.Labels{shardLabel: shardName(shard)}
	m.lag.DeletePartialMatch(gone)
	m.restoreRemaining.DeletePartialMatch(gone)
}

func (m *Metrics) showStates() {
	counts := m.states.counts()
	for _, state := range []shardState{acquiring, running} {
		m.shards.WithLabelValues(string(state)).Set(float64(counts[state]))
	}
}

func (m *Metrics) restoreProgress(e partitions.RestoreEvent) {
	if e.Remaining == 0 {
		m.restoreRemaining.DeleteLabelValues(e.Component, shardName(e.Shard))
		return
	}
	m.restoreRemaining.WithLabelValues(e.Component, shardName(e.Shard)).Set(float64(e.Remaining))
}

func (m *Metrics) groupChanged(e partitions.GroupEvent) {
	m.members.Reset()
	for version, instances := range e.Versions {
		m.members.WithLabelValues(version).Set(float64(len(instances)))
	}
	m.standing.Reset()
	for component, shards := range e.Standing {
		m.standing.WithLabelValues(component).Set(float64(len(shards)))
	}
}

func (m *Metrics) windowEnded(e partitions.WindowEvent) {
	side := e.Side.String()
	m.transactions.WithLabelValues(side, e.Outcome).Inc()
	m.commitSeconds.WithLabelValues(side).Observe(e.Commit.Seconds())
	m.windowRecords.WithLabelValues(side).Observe(float64(e.Records))
	now := m.now()
	for _, task := range e.Tasks {
		m.lag.WithLabelValues(task.Component, shardName(task.Shard)).Set(float64(task.Lag))
		m.count(task, now)
	}
}

// count adds up a task's tallies before it touches the counters: a window may hold thousands, and looking up a counter by labels costs more
// than counting.
func (m *Metrics) count(task partitions.TaskTally, now time.Time) {
	counted := map[partitions.Tally]int{}
	for _, t := range task.Tallies {
		if t.RecordTimeMS > 0 {
			m.observeDelay(task.Component, t, now)
		}
		counted[partitions.Tally{Kind: t.Kind, Label: t.Label}]++
	}
	for t, n := range counted {
		m.add(task.Component, t, float64(n))
	}
}

func (m *Metrics) observeDelay(component string, t partitions.Tally, now time.Time) {
	// Clocks of senders may be ahead of ours.
	delay := max(0, now.Sub(time.UnixMilli(t.RecordTimeMS)).Seconds())
	switch t.Kind {
	case partitions.CommandDecided:
		m.commandSeconds.WithLabelValues(component).Observe(delay)
	case partitions.RowWritten, partitions.MessageWritten:
		m.projectionDelay.WithLabelValues(component).Observe(delay)
	case partitions.EventEmitted, partitions.DeadLettered, partitions.CommandForwarded, partitions.ReplyDropped,
		partitions.CommandParked, partitions.MessageSent, partitions.MessageHandled, partitions.MessagePassed:
	}
}

func (m *Metrics) add(component string, t partitions.Tally, n float64) {
	switch t.Kind {
	case partitions.CommandDecided:
		m.commands.WithLabelValues(component, t.Label).Add(n)
	case partitions.EventEmitted:
		m.events.WithLabelValues(component).Add(n)
	case partitions.RowWritten:
		m.rows.WithLabelValues(component).Add(n)
	case partitions.MessageWritten:
		m.messages.WithLabelValues(component, "stream").Add(n)
	case partitions.DeadLettered:
		m.deadLetters.WithLabelValues(component, t.Label).Add(n)
	case partitions.CommandForwarded:
		m.forwarded.WithLabelValues(component).Add(n)
	case partitions.CommandParked:
		m.parked.WithLabelValues(component, t.Label).Add(n)
	case partitions.MessageSent:
		m.messages.WithLabelValues(component, t.Label).Add(n)
	case partitions.MessageHandled:
		m.subscribed.WithLabelValues(component, "handled").Add(n)
	case partitions.MessagePassed:
		m.subscribed.WithLabelValues(component, "passed").Add(n)
	case partitions.ReplyDropped:
		m.repliesDropped.WithLabelValues(component).Add(n)
	}
}

func shardName(shard int32) string { return strconv.Itoa(int(shard)) }

package telemetry

import "github.com/partita-io/partita/partitions"

// Merge is a listener that tells each of listeners, in their order.
func Merge(listeners ...partitions.Listener) partitions.Listener {
	return partitions.Listener{
		ShardAcquiring:  each(listeners, func(l partitions.Listener) func(partitions.ShardEvent) { return l.ShardAcquiring }),
		RestoreProgress: each(listeners, func(l partitions.Listener) func(partitions.RestoreEvent) { return l.RestoreProgress }),
		StoreRebuilt:    each(listeners, func(l partitions.Listener) func(partitions.StoreEvent) { return l.StoreRebuilt }),
		ShardRunning:    each(listeners, func(l partitions.Listener) func(partitions.ShardEvent) { return l.ShardRunning }),
		StateRebuilding: each(listeners, func(l partitions.Listener) func(partitions.StateEvent) { return l.StateRebuilding }),
		StateRebuilt:    each(listeners, func(l partitions.Listener) func(partitions.StateEvent) { return l.StateRebuilt }),
		ShardClosed:     each(listeners, func(l partitions.Listener) func(partitions.ShardEvent) { return l.ShardClosed }),
		TaskStopped:     each(listeners, func(l partitions.Listener) func(partitions.TaskStopped) { return l.TaskStopped }),
		TaskGoesOn:      each(listeners, func(l partitions.Listener) func(partitions.TaskGoesOn) { return l.TaskGoesOn }),
		WindowEnded:     each(listeners, func(l partitions.Listener) func(partitions.WindowEvent) { return l.WindowEnded }),
		Fenced:          each(listeners, func(l partitions.Listener) func(partitions.FencedEvent) { return l.Fenced }),
		GroupChanged:    each(listeners, func(l partitions.Listener) func(partitions.GroupEvent) { return l.GroupChanged }),
		Waiting:         each(listeners, func(l partitions.Listener) func(partitions.WaitingEvent) { return l.Waiting }),
		Resumed:         each(listeners, func(l partitions.Listener) func(partitions.WaitingEvent) { return l.Resumed }),
		NeedChanged:     each(listeners, func(l partitions.Listener) func(partitions.NeedEvent) { return l.NeedChanged }),
	}
}

func each[E any](listeners []partitions.Listener, pick func(partitions.Listener) func(E)) func(E) {
	var told []func(E)
	for _, l := range listeners {
		if f := pick(l); f != nil {
			told = append(told, f)
		}
	}
	return func(e E) {
		for _, f := range told {
			f(e)
		}
	}
}

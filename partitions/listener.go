package partitions

import "time"

// A Listener receives what the engine does, as typed events. Logs and metrics are made from them at the edge (package telemetry). Every
// function may be nil. They are called from the engine's goroutines and must not block.
type Listener struct {
	// ShardAcquiring: the shard was assigned, its predecessor is being fenced and its stores restored.
	ShardAcquiring func(ShardEvent)
	// RestoreProgress comes now and then while a store is restored, and once at its end with Remaining 0.
	RestoreProgress func(RestoreEvent)
	// StoreRebuilt: a store could not go on from its checkpoint and is restored in full; Reason says why.
	StoreRebuilt func(StoreEvent)
	ShardRunning func(ShardEvent)
	// StateRebuilding: the state of a task is computed anew, and it takes no records until StateRebuilt. Took and Err are of the latter; Err is of what was
	// to be cleared away behind it.
	StateRebuilding func(StateEvent)
	StateRebuilt    func(StateEvent)
	ShardClosed     func(ShardEvent)
	// TaskStopped: one task cannot go on (a gap in its input, a broken store); the rest goes on. Err names the mend.
	TaskStopped func(TaskStopped)
	// TaskGoesOn: a task that had stopped goes on, as an operator let the record pass that it stopped before.
	TaskGoesOn func(TaskGoesOn)
	// WindowEnded: a transaction came to its outcome.
	WindowEnded func(WindowEvent)
	// Fenced: transactions of instances that are not in the group were ended at take-over.
	Fenced func(FencedEvent)
	// GroupChanged: the group has other members, or they run other versions of the context.
	GroupChanged func(GroupEvent)
	// Waiting: the engine cannot go on now and tries again (a broker away, authorisation missing). Resumed ends it.
	Waiting func(WaitingEvent)
	Resumed func(WaitingEvent)
	// NeedChanged: a need is met, or not, or in trouble; once for each at the start, when nothing is known of it.
	NeedChanged func(NeedEvent)
}

// ShardEvent is about one shard.
type ShardEvent struct {
	Shard int32
	// Took is the time since the assignment; for ShardClosed, since the revocation.
	Took time.Duration
	// Lost says that the shard was taken away, not handed over.
	Lost bool
}

// RestoreEvent is how far the restoration of one store has come.
type RestoreEvent struct {
	Component string
	Shard     int32
	// RecordsRead and Remaining are offsets of the changelog, so Remaining is an upper bound of records.
	RecordsRead, Remaining int64
	Took                   time.Duration
}

// StoreEvent is about one store.
type StoreEvent struct {
	Component string
	Shard     int32
	Reason    string
}

// StateEvent is about the state of one task.
type StateEvent struct {
	Component string
	Shard     int32
	Took      time.Duration
	Err       error
}

// TaskStopped is about one task that cannot go on.
type TaskStopped struct {
	Component string
	Shard     int32
	Err       error
}

// TaskGoesOn is about one task that had stopped.
type TaskGoesOn struct {
	Component string
	Shard     int32
}

// WindowEvent is about one transaction.
type WindowEvent struct {
	Side    Side
	Outcome string
	Shards  int
	// Records are input records, Outputs produced ones.
	Records, Outputs int
	// Open is the time from the first record to the commit's start, Commit from there to the outcome.
	Open, Commit time.Duration
	Err          error
	// Tasks is what was counted, by component and shard; empty unless committed.
	Tasks []TaskTally
}

// TaskTally is what one task did in a committed window.
type TaskTally struct {
	Component string
	Shard     int32
	Tallies   []Tally
	// Lag is how many offsets the task's inputs are behind their ends.
	Lag int64
}

// FencedEvent names transactional ids that were fenced.
type FencedEvent struct {
	TransactionalIDs []string
	Took             time.Duration
}

// WaitingEvent tells what the engine waits for.
type WaitingEvent struct {
	For   string
	Err   error
	Retry time.Duration
}

// NeedEvent is how things stand with a need from now on.
type NeedEvent struct {
	Need string
	NeedState
}

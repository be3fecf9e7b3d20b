// Package partitions is the engine: it owns shards, windows and commits. It decides which shards this process works on (nothing but the group's
// assignment of the progress topic does), restores their stores, gives records to processors, and commits what comes of them in transactions.
// It knows processors, not entities: commands, projections and subscriptions are built on top of it.
//
// A record's way:
//
//	poll ─► split by task ─► decide (overlay over store) ─► produce + progress ─► flush ─► group fence ─► end ─► apply to store ─► release
//	        dispatch.go      view.go, overlay.go            window.go, commit.go                                 commit.go       report.go
//
// Who owns what: Run makes the parts (run.go). The manager turns the group's callbacks into stays of shards (manager.go); a shard is one stay,
// with a goroutine that acquires once what all shards need is there (needs.go), waits, and takes back (shard.go, acquire.go, lifecycle.go). A lane
// has one goroutine that reads, decides and sends (lane.go, dispatch.go); its commits and recoveries run beside it and answer with a result
// (commit.go, recovery.go).
//
// # Invariants
//
//  1. No fence, no write: a transaction carries the group's fence and a progress record for every shard it writes for.
//  2. A store contains a prefix of committed history, and says which: data and checkpoint are in one batch, applied only after Committed.
//  3. Nothing is visible outside (reply, gauge of progress) before its transaction is committed.
//  4. One owner: a second writer for a partition cannot commit.
//  5. An event, once committed, keeps its sequence; sequences of an entity have no gap and no double.
//  6. All effects of one command are in one transaction.
//  7. A command id is applied at most once within its window of remembrance; asked again, it is answered as before.
//  8. Restore is complete when the position has passed the read_uncommitted end asked for after the assignment.
//  9. An input that cannot be processed is never dropped: rejected with a reply, dead-lettered, or parked; each counted; or its task stops before it.
//  10. Memory is bounded: a lane that has a full window does not poll.
//
// And one that two producers in turn make necessary:
//
//  11. The log's order is the windows' order: a window sends nothing before all records of the window before it are acknowledged. Otherwise an
//     older value could lie behind a newer one in a compacted topic, and a checkpoint could pass a record that is not in the store.
package partitions

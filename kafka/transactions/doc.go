// Package transactions writes windows to Kafka, each in one transaction that carries the group's fence, or not at all.
//
// The order of calls, by one goroutine for each transaction:
//
//	pair, err := Open(...)            // two producers; ends whatever this instance left open before
//	tx, err := pair.Begin()           // on the producer whose turn it is
//	tx.Produce(record)                // any number, at least one
//	tx.Flush(ctx)                     // all records are in the log; Refusals tells which will never be
//	tx.Fence(ctx, ...)                // the group vouches for every shard that was written for
//	outcome, err := tx.End(ctx)       // Committed, Aborted or Unknown
//	pair.Reset(ctx)                   // after anything but Committed
//
// Two transactions may be open at once, on the two producers. Two rules keep their order, and the caller keeps both: a transaction produces
// nothing before the one before it has been flushed, and it is fenced only after the one before it was committed. Without the first, records
// of the later window could lie in the log before records of the earlier one: two producers are two connections. A compacted changelog would
// then keep the older value of a key, and a store restored from a position in between would miss a record.
//
// The package judges nothing: whether shards are still owned is known to the caller.
package transactions

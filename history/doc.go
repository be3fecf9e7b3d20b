// Package history folds the events of one shard's entities: what they lead to, without deciding anything.
//
// The order of calls: [New] on an empty store, [Fold.Take] for each event in the order of the log, [Fold.Flush], then [Fold.Get] and [Fold.Each]. What
// does not fit in memory is in the store meanwhile.
package history

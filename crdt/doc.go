// Package crdt holds the merge types of replicated data: values that every shard of a context may change at once without asking the others, and
// that everybody reads alike once everybody has heard of the same changes. It is pure: no clock, no I/O, no goroutine, and every value of it is
// immutable, so that readers on many goroutines need no lock and a transaction that fails is undone by keeping what was there before.
//
// # The parts
//
// Each shard owns one [Contribution] to a value: what it has added itself, and what it has taken away of the additions of others. It changes by
// an [Operation], applied to the [View] that the shard has at that moment, and each change gives it the next version. A View folds contributions;
// it has the value. Views merge, and it does not matter which contributions come, how often, in what order and how old: the newest of each shard
// counts.
//
//	view, err := crdt.Fold(t, contributions...)                 // of everybody
//	next, err := own.Apply(crdt.Add(x), view)                   // an effect of a command
//	if err := next.Within(limit); err != nil { … }              // too large: reject the command and keep own
//	put(next.Append(nil))                                       // store and topic, in the transaction
//	view, err = view.With(next)                                 // after the commit; within the transaction for its own eyes only
//
// # What the caller must hold
//
//   - A contribution is written by its own shard alone, one version after the other, each in the transaction that needs it.
//   - Its record is never deleted while the value is declared: versions must not begin again.
//   - Only what is committed goes into a view that others share: the version of an aborted change is used again for another one.
//   - A shard that changes its instance goes on when the new one has read all contributions that were there when the shard was assigned. Otherwise
//     it would decide on less than it had seen.
//   - Now and then every shard is tidied ([Contribution.Tidy]), also one that writes nothing. Apply tidies too.
//
// # What an operation has seen
//
// Additions (increment, enable, set, add, vote) happen at a version of their shard, their dot. What takes away (remove, delete, clear, disable, the set
// of a multi-register) takes the dots that its view has, and no others: an addition that it had not seen survives. As a view has a prefix of each
// shard's versions, "all of this shard under this key up to version 7" says what was taken, in a few bytes; it is called a removal. Only the owner has
// the dot, so when the owner has heard of the removal and dropped the dot, nobody can bring it back, and the remover may forget:
//
//	remover: a removal ──► owner: drops its dots, in a newer version ──► remover: has seen a version not below the removal's
//	                                                                     that is without the dots: forgets
//
// That the version is not below is what makes it safe. A view that is behind, which has the owner's contribution from before the addition, is
// without the dot too, and forgetting then would let it in later. A view keeps the removals that it has come to know for as long as the owner's
// contribution that it has is not past them, so it never shows again what it has shown as removed. Somebody who has an old contribution of the owner, a
// new one of the remover and none of those between sees the addition until the owner's next contribution comes, as one who had not heard of the removal.
//
// # Sources
//
//   - M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski: Conflict-free replicated data types, SSS 2011, and A comprehensive study of convergent and
//     commutative replicated data types, INRIA RR-7506, 2011: the types and the laws of merging. A counter here has one number per shard and no second
//     one for decrements: versions tell which is newer.
//   - A. Bieniusa, M. Zawirski, N. Preguiça, M. Shapiro, C. Baquero, V. Balegas, S. Duarte: An optimized conflict-free replicated set, INRIA RR-8083,
//     2012: dots and versions instead of tombstones that stay; one dot for each element and replica.
//   - P. S. Almeida, A. Shoker, C. Baquero: Delta state replicated data types, JPDC 111, 2018: causal dots under nested keys, and merging parts of a
//     state. A contribution is such a part.
//   - S. Kulkarni, M. Demirbas, D. Madappa, B. Avva, M. Leone: Logical physical clocks, OPODIS 2014: the stamps of registers.
//
// The bytes of a contribution are described in docs/formats/crdt.md.
package crdt

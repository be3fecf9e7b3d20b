// Package verifying compares what is stored of entities with what their events lead to: the changelog is a snapshot, the events are the truth.
// Nothing is changed.
//
// A shard is compared at one point of its history, while it may be in use. An event and the state after it are in one transaction, and whatever can be
// read of a transaction was in the log before. So three readings, each to the end that the log has when it begins, are enough: the events, the
// changelog, and the events that came meanwhile. After the second no entity can be behind the events of the first; after the third none can be ahead
// of its events. The later events are folded as far as the entity's stored sequence, and then both sides stand at the same event.
//
// What an owner's store holds is asked for in pages, each with the position of the changelog that it corresponds to: it must have, byte for byte,
// the last value of each key below that position.
package verifying

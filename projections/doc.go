// Package projections is the read side: it folds events into the rows of a table, or writes the messages of a stream that follow from them. They are
// processors hosted by package partitions; what an event leads to is committed together with its position, or not at all.
//
// The topic of rows is the table itself and the changelog of its store. A projection whose rows are keyed by anything but the entity's id is one
// component with two kinds of input: events, which it sends re-keyed to its repartition topic, and that topic, whose partitions are those of
// the rows (KIP-221 does the same for Kafka Streams). A stream has no store, and no order but that of its events.
package projections

// Package projections is the read side: it folds events into the rows of a table. It is a processor hosted by package partitions; a row is committed
// together with the positions of the events that made it, or not at all.
//
// The topic of rows is the table itself and the changelog of its store. A projection whose rows are keyed by anything but the entity's id is one
// component with two kinds of input: events, which it sends re-keyed to its repartition topic, and that topic, whose partitions are those of
// the rows (KIP-221 does the same for Kafka Streams).
package projections

// Package records says how records look that cross Partita's border: the names of headers, ids and keys, the partitioner, and the value of
// a progress record. It is pure: it knows no Kafka client, reads no clock and does no I/O.
//
// Two words that are easily confused are two types here. An [Offset] names a record; a [Position] is the offset that is read next.
package records

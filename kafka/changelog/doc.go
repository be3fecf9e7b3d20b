// Package changelog reads compacted topics to their end: the changelogs that stores are restored from, and the progress topic.
//
// Reading is complete when the position has passed the end of everything written (read_uncommitted) that was asked for after the call began,
// reading committed records only. Aiming at the stable end would declare a store whole while a predecessor's transaction is open (KAFKA-10167);
// waiting for a certain record would wait for ever, as the last offset of a transactional log is a marker.
package changelog

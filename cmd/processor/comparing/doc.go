// Package comparing compares the rows of two versions of a table. Both have the same number of partitions, and a key is in the same one of both, so it is done
// partition by partition: no more than the rows of one are in memory.
package comparing

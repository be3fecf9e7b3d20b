package service

import (
	"math"
	"runtime/debug"

	"github.com/partita-io/partita/pubsub"
)

const (
	// memoryLimit is when the garbage collector works harder. What the parts may hold together (windows, fetched records, entities, blocks and tables
	// of the stores), beside the context's tables, stays below it; the collector's own rule alone, to wait until the heap has grown by so much, would not.
	memoryLimit = 420 << 20
	// collectAt is how much the heap may grow, in percent, before it is collected, far from the limit. At Go's default of 100 a fifth of the CPU
	// of a busy process goes into collecting (docs/results/bench.md).
	collectAt   = 300
	goCollectAt = 100
)

// BoundMemory sets both unless an operator has, by GOMEMLIMIT and GOGC. beside is what else may be held, in bytes.
func BoundMemory(beside int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit + min(beside, math.MaxInt64-memoryLimit))
	}
	if before := debug.SetGCPercent(collectAt); before != goCollectAt {
		debug.SetGCPercent(before)
	}
}

// tableBytes is what tables may take, their bounds together.
func tableBytes(tables []*pubsub.Table) int64 {
	var bytes int64
	for _, t := range tables {
		bytes += min(t.MaxBytes(), math.MaxInt64-bytes)
	}
	return bytes
}

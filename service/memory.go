package service

import (
	"math"
	"runtime/debug"
)

const (
	// memoryLimit is when the garbage collector works harder. What the parts may hold together (windows, fetched records, entities, blocks and
	// tables of the stores) stays below it; the collector's own rule alone, to wait until the heap has grown by so much, would not.
	memoryLimit = 420 << 20
	// collectAt is how much the heap may grow, in percent, before it is collected, far from the limit. At Go's default of 100 a fifth of the CPU
	// of a busy process goes into collecting (docs/results/bench.md).
	collectAt   = 300
	goCollectAt = 100
)

// BoundMemory sets both unless an operator has, by GOMEMLIMIT and GOGC.
func BoundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
	if before := debug.SetGCPercent(collectAt); before != goCollectAt {
		debug.SetGCPercent(before)
	}
}

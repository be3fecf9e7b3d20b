package service

import (
	"math"
	"runtime/debug"
)

// memoryLimit is when the garbage collector works harder. What the parts may hold together (windows, fetched records, entities, blocks and tables
// of the stores) stays below it; the collector's usual rule, to wait until the heap has doubled, would not.
const memoryLimit = 420 << 20

// boundMemory sets the limit unless an operator has, by GOMEMLIMIT.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
}

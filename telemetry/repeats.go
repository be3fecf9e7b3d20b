package telemetry

import (
	"sync"
	"time"

	"github.com/partita-io/partita/partitions"
)

// repeated names a kind of line that may come often.
type repeated struct {
	message   string
	side      partitions.Side
	component string
	label     string
}

type repeat struct {
	next  time.Time
	count int
}

// repeats lets the first line of a kind through at once and then one every repeatInterval, which counts those between.
type repeats struct {
	// mu guards of.
	mu sync.Mutex
	of map[repeated]*repeat
}

// add counts n more of a kind. When a line is due, it returns how many there were since the last one.
func (r *repeats) add(what repeated, n int, now time.Time) (count int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.of[what]
	if known == nil {
		known = &repeat{}
		r.of[what] = known
	}
	known.count += n
	if now.Before(known.next) {
		return 0, false
	}
	count, known.count = known.count, 0
	known.next = now.Add(repeatInterval)
	return count, true
}

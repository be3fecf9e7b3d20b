package partitions

import (
	"runtime"
	"sync/atomic"
	"time"
)

// What is built from the first record on has time, and what is live has not. While there is live traffic the build side takes few records at once, rests
// as long as it has worked, and commits seldom: the cores and the brokers have little of it to do at a time. Of the cores it takes half at most.
const (
	// yieldingPoll is how many records the build side takes in at once then.
	yieldingPoll = 512
	// yieldingFloor is the least time between the starts of two of its commits then.
	yieldingFloor = 250 * time.Millisecond
	// liveFor is how long there is live traffic after a record of it was decided.
	liveFor = time.Second
)

// traffic is when a record was decided last on the sides that are live; nil: never.
type traffic struct{ decidedAt atomic.Pointer[time.Time] }

func (t *traffic) isLive(now time.Time) bool {
	at := t.decidedAt.Load()
	return at != nil && now.Sub(*at) < liveFor
}

// yields tells whether the lane leaves what there is to the live ones.
func (l *lane) yields() bool { return l.side == BuildSide && l.engine.traffic.isLive(time.Now()) }

// hasDecided has the lane rest, or tells those that yield of its traffic.
func (l *lane) hasDecided(since, now time.Time) {
	switch {
	case l.side != BuildSide:
		l.engine.traffic.decidedAt.Store(&now)
	case l.yields():
		l.restUntil = now.Add(now.Sub(since))
	}
}

// commitFloor is the least time between the starts of two commits. Nobody waits for a shard that leaves longer than for any other.
func (l *lane) commitFloor() time.Duration {
	if l.yields() && len(l.closing) == 0 {
		return max(yieldingFloor, l.engine.config.CommitFloor)
	}
	return l.engine.config.CommitFloor
}

// atOnce is how many records are taken in at once, where there is room for so many.
func (l *lane) atOnce(room int) int {
	if l.yields() {
		return min(room, yieldingPoll)
	}
	return room
}

// deciders is how many shards decide at once.
func (l *lane) deciders() int {
	cores := runtime.GOMAXPROCS(0)
	if l.side == BuildSide {
		return max(1, cores/2)
	}
	return cores
}

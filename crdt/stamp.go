package crdt

import (
	"cmp"
	"fmt"
	"math"
)

// maxNumber bounds versions, stamps and counts, so that each is an int64 anywhere.
const maxNumber = math.MaxInt64

// A stamp orders the writes of registers: a hybrid logical clock. Its time is the writer's, or the latest that the writer had seen if that is ahead;
// count tells writes of one time apart. So a write is later than all that it had seen, whatever the clocks say. Stamps of different shards may be
// equal: then the higher shard wins.
type stamp struct {
	ms    uint64
	count uint64
}

func (s stamp) compare(other stamp) int {
	return cmp.Or(cmp.Compare(s.ms, other.ms), cmp.Compare(s.count, other.count))
}

// next is the stamp of a write that has seen s, at a time in ms since 1970; one before 1970 counts as 0.
func (s stamp) next(nowMS int64) (stamp, error) {
	now := uint64(max(nowMS, 0))
	switch {
	case now > s.ms:
		return stamp{ms: now}, nil
	case s.count < maxNumber:
		return stamp{ms: s.ms, count: s.count + 1}, nil
	case s.ms < maxNumber:
		return stamp{ms: s.ms + 1}, nil
	}
	return stamp{}, fmt.Errorf("%w: the stamp of a register is at its highest; no later write can be told from it", ErrOutOfRange)
}

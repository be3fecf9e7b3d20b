package partitions

import "time"

// Light traffic is gathered: a lane that may not commit before a moment does not ask for records until shortly before it. Without that each
// record that trickles in costs a fetch and a produce request of its own, which at 1,000 commands/s is most of the broker's work.
//
// The client holds one fetch, which came back with the first record after the last poll. That is taken two leads before the moment, and the
// fetch after it, with all that has arrived meanwhile, one lead before: a window takes two fetches, whatever the rate.
const (
	gatherLead = 2 * time.Millisecond
	// lightPoll: a poll with at most so many records says that the traffic is light.
	lightPoll = 64
)

// A pace says when a lane asks for records next.
type pace struct {
	polledAt time.Time
	light    bool
}

func (p *pace) polled(now time.Time, count int) {
	p.polledAt, p.light = now, count <= lightPoll
}

// next is when to poll again, zero for at once, given the moment before which nothing is committed.
func (p *pace) next(mayCommitAt time.Time) time.Time {
	if !p.light {
		return time.Time{}
	}
	soon, late := p.polledAt.Add(gatherLead), mayCommitAt.Add(-2*gatherLead)
	if late.After(soon) {
		return late
	}
	return soon
}

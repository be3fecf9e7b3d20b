package client

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// reminder is how long a consumer may have forgotten to fetch.
const reminder = time.Second

// remind has a consumer look, now and then, whether it fetches from every broker that it should.
//
// franz-go (1.22.2, source.go, loopFetch) loses a loop that fetches from a broker: the loop takes its session, and before it counts itself in, the session
// is stopped by a partition that is removed, or by a leader that moves; nothing is waited for, the next session finds the loop still there and starts no
// other; then the loop sees that its session has ended, and ends. From then on nothing of that broker's is fetched until something starts a loop by
// chance, which in a quiet consumer is never. Seen with each broker of a consumer at once, in about one of ten thousand rounds of removals.
//
// To resume what is not paused does nothing else than to start loops that are not there.
func remind(cl *kgo.Client) {
	ticker := time.NewTicker(reminder)
	defer ticker.Stop()
	for {
		select {
		case <-cl.Context().Done():
			return
		case <-ticker.C:
			cl.ResumeFetchPartitions(nil)
		}
	}
}

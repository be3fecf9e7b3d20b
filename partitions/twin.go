package partitions

import (
	"context"
	"fmt"
	"time"
)

// Takings are the times at which this instance's transactional ids were taken by somebody else. Those who succeed an instance that the group has given
// up take them, once for each time that shards move; another process that runs under the same instance id takes them whenever it makes its producers.
type takings []time.Time

const (
	takenMost   = 5
	takenWithin = 10 * time.Second
)

func (t *takings) add(now time.Time) {
	*t = append(*t, now)
	for now.Sub((*t)[0]) > takenWithin {
		*t = (*t)[1:]
	}
}

// suspicious tells, once, that there were too many in short time.
func (t *takings) suspicious() bool {
	if len(*t) <= takenMost {
		return false
	}
	*t = nil
	return true
}

// findTwin returns an error if there is another member of the group under this instance's id. Each is fenced by the other, and one of them is to go on: it
// is told only to the one with the greater member id. Who is no member himself finds none: it may be himself that he sees.
func (rt *engine) findTwin(ctx context.Context) error {
	self, _ := rt.member.GroupMetadata()
	members, err := rt.asks.Members(ctx, rt.config.Context, rt.progressTopic)
	if self == "" || err != nil {
		return nil //nolint:nilerr // It is asked again if this goes on.
	}
	instance := rt.config.Stores.InstanceID()
	for _, m := range members {
		if m.Instance == instance && m.ID < self {
			return fmt.Errorf("fenced more than %d times in %s: another process uses instance %s, on %s; give each process a state directory of its own (a copied "+
				"directory must lose its file instance)", takenMost, takenWithin, instance, m.Host)
		}
	}
	return nil
}

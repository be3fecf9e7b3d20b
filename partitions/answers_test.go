package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kinds are the requests that a process makes from its start on until a window is committed.
var kinds = []kmsg.Key{
	kmsg.Metadata, kmsg.DescribeGroups, kmsg.FindCoordinator, kmsg.InitProducerID, kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat, kmsg.OffsetFetch,
	kmsg.ListTransactions, kmsg.DescribeConfigs, kmsg.ListOffsets, kmsg.OffsetForLeaderEpoch, kmsg.Fetch, kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn,
	kmsg.LeaveGroup,
}

// A broker carries a request out, and its answer never comes or comes late. Then the client asks again, so the broker has the request twice.
func TestAnswerOfAnyKindIsLostOrLate(t *testing.T) {
	for name, harm := range map[string]func(*wireConn){
		"lost": func(c *wireConn) { _ = c.Close() },
		"late": func(c *wireConn) { c.hold(8 * time.Second) },
	} {
		for _, key := range kinds {
			if raceDetector && key != kmsg.Fetch {
				continue
			}
			t.Run(kmsg.NameForKey(key.Int16())+" "+name, func(t *testing.T) {
				inBubble(t, 2, func(b *bubble) {
					// Its records are there to be restored, its member to be replaced.
					first := b.begin("a")
					b.command(3)
					b.awaitAll()
					first.die()
					first.bury()

					wire := newWire(b.network.DialContext)
					sprung := wire.at(moment{key: key, when: carriedOut}, harm)
					a := b.beginOn("a", wire)
					b.command(3)
					b.awaitAll()
					if key == kmsg.LeaveGroup {
						a.leave(b.t)
						b.begin("a")
					}
					b.command(3)
					b.awaitAll()
					select {
					case <-sprung:
					case <-time.After(10 * time.Second):
						require.FailNow(b.t, "there was no such request")
					}
				})
			})
		}
	}
}

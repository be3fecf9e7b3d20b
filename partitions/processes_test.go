package partitions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
)

// The machine room burns down: all processes end at once, with what they had on disk.
func TestAllProcessesAndTheirStateAreGoneUnderLoad(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		names := []string{"a", "b", "c"}
		for round := range 3 {
			var lives []*life
			for _, name := range names {
				lives = append(lives, b.begin(name))
			}
			for range 20 {
				b.command(1)
				pass(time.Duration(10+7*round) * time.Millisecond)
			}
			for _, l := range lives {
				l.die()
			}
			for _, l := range lives {
				l.bury()
				require.NoError(b.t, os.RemoveAll(filepath.Join(b.dir, l.name)))
				b.disks[l.name] = vfs.NewMem()
			}
		}
		for _, name := range names {
			b.begin(name)
		}
		b.command(3)
		b.awaitAll()
	})
}

// Somebody has copied a state directory, and with it the instance's name. The two take each other's transactional ids until one of them has had
// enough and says why; what they commit meanwhile is right all the same.
func TestTwoProcessesWithCopiesOfOneStateDirectory(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		a := b.begin("a")
		b.command(3)
		b.awaitAll()
		require.NoError(b.t, os.MkdirAll(filepath.Join(b.dir, "copy"), 0o750))
		for _, file := range []string{"instance", "meta"} {
			content, err := os.ReadFile(filepath.Join(b.dir, "a", file))
			require.NoError(b.t, err)
			require.NoError(b.t, os.WriteFile(filepath.Join(b.dir, "copy", file), content, 0o600))
		}
		twin := b.begin("copy")
		require.Equal(b.t, a.env.InstanceID(), twin.env.InstanceID())
		var said error
		for said == nil {
			b.command(1)
			select {
			case said = <-a.done:
				a.over = true
				require.NoError(b.t, a.env.Close())
			case said = <-twin.done:
				twin.over = true
				require.NoError(b.t, twin.env.Close())
			case <-time.After(50 * time.Millisecond):
			}
			require.Less(b.t, b.count(), 20*2000, "neither notices")
		}
		require.ErrorContains(b.t, said, "another process uses instance "+a.env.InstanceID())
		require.ErrorContains(b.t, said, "must lose its file instance")
		b.command(3)
		b.awaitAll()
	})
}

// coordinatorAlone is the node that coordinates the group. Its partitions are led by others from now on.
func (b *bubble) coordinatorAlone() int32 {
	groups, err := b.adm.DescribeGroups(b.t.Context(), b.name)
	require.NoError(b.t, err)
	node := groups[b.name].Coordinator.NodeID
	topics, err := b.adm.ListTopics(b.t.Context())
	require.NoError(b.t, err)
	for _, topic := range topics {
		if strings.HasPrefix(topic.Topic, b.name) {
			for p := range topic.Partitions {
				require.NoError(b.t, b.cluster.MoveTopicPartition(topic.Topic, p, (node+1+p%2)%3))
			}
		}
	}
	return node
}

// The owner reads and writes, and cannot be heard by the group: it is succeeded, and nothing that it decides from then on is committed.
func TestOwnerCutOffFromTheCoordinatorAlone(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		a, other := b.begin("a"), b.begin("b")
		other.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
		coordinator := b.coordinatorAlone()
		a.wire.bar(func(address string) bool { return isNode(address, coordinator) })
		for range 30 {
			b.command(1)
			pass(300 * time.Millisecond)
		}
		other.awaitRunning(b.t, 4)
		b.awaitAll()
		a.wire.mend()
		a.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
	})
}

// The owner is a good member of the group, and cannot read or write: nobody succeeds it, and nothing is lost when it can again.
func TestOwnerCutOffFromTheLeadersAlone(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		a, other := b.begin("a"), b.begin("b")
		other.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
		coordinator := b.coordinatorAlone()
		a.wire.bar(func(address string) bool { return !isNode(address, coordinator) })
		for range 30 {
			b.command(1)
			pass(300 * time.Millisecond)
		}
		a.awaitRunning(b.t, 2)
		other.awaitRunning(b.t, 2)
		a.wire.mend()
		b.command(3)
		b.awaitAll()
	})
}

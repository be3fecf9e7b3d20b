package partitions

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/statestore"
)

// A bubble is a world in virtual time: brokers of three nodes, and instances whose wires and disks can be cut at any moment.
type bubble struct {
	*world
	cluster *kfake.Cluster
	network *kfake.VirtualNetwork
	disks   map[string]vfs.FS
	lives   []*life
	// sent counts commands: they are sent by whoever springs a trap, too.
	sent atomic.Int64
}

// A life is one process of an instance, to its end.
type life struct {
	*instance
	name string
	wire *wire
	dead *atomic.Bool
	over bool
	// lastWords are what a process that was killed said when it ended: nobody has heard them.
	lastWords error
}

const bubblePort = 9092

// inBubble runs f in virtual time, then ends what is alive in order and checks all that must hold.
func inBubble(t *testing.T, shards int32, f func(*bubble)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{network: new(kfake.VirtualNetwork), disks: make(map[string]vfs.FS)}
		b.world = &world{t: t, shards: shards, dir: dir, dial: b.network.DialContext}
		var err error
		b.cluster, err = kfake.NewCluster(kfake.NumBrokers(3), kfake.ListenFn(b.network.Listen), kfake.Ports(bubblePort, bubblePort+1, bubblePort+2))
		require.NoError(t, err)
		defer b.cluster.Close()
		b.brokers = b.cluster.ListenAddrs()
		b.createTopics()
		defer b.cl.Close()
		defer b.killAll()
		f(b)
		b.awaitAll()
		for _, l := range b.lives {
			l.leave(t)
		}
		require.Len(t, b.readAll("counter.events"), b.count(), "no command was decided twice")
		b.checkStores()
	})
}

var errKilled = errors.New("the process was killed")

// begin starts a process of an instance, on the disk that its last one left.
func (b *bubble) begin(name string, components ...Component) *life {
	return b.beginOn(name, newWire(b.network.DialContext), components...)
}

func (b *bubble) beginOn(name string, wire *wire, components ...Component) *life {
	if b.disks[name] == nil {
		b.disks[name] = vfs.NewMem()
	}
	l := &life{name: name, wire: wire, dead: new(atomic.Bool)}
	disk := errorfs.Wrap(b.disks[name], errorfs.InjectorFunc(func(op errorfs.Op) error {
		if l.dead.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errKilled
		}
		return nil
	}))
	l.instance = b.launch(name, l.wire.dial, disk, components...)
	b.lives = append(b.lives, l)
	return l
}

// die is the moment of a kill -9: nothing that the process does from now on reaches a broker or the disk.
func (l *life) die() {
	l.dead.Store(true)
	l.wire.cut()
	l.wire.thaw()
}

// bury ends what is left of a process that has died.
func (l *life) bury() {
	l.over = true
	l.cancel()
	l.lastWords = <-l.done
	_ = l.env.Close()
}

func (l *life) leave(t *testing.T) {
	t.Helper()
	if !l.over {
		l.over = true
		l.stop(t)
	}
}

func (b *bubble) killAll() {
	for _, l := range b.lives {
		if !l.over {
			l.die()
			l.bury()
		}
	}
}

// command sends n commands to each of 20 keys.
func (b *bubble) command(n int) {
	b.send(20, n)
	b.sent.Add(int64(20 * n))
}

// count is how many commands were sent.
func (b *bubble) count() int { return int(b.sent.Load()) }

// awaitAll waits until every command has its event, and fails at a gap or a double.
func (b *bubble) awaitAll() { b.awaitEvents(b.count()) }

// awaitRunning waits until a process has so many shards.
func (l *life) awaitRunning(t *testing.T, shards int) {
	t.Helper()
	l.await(t, func(l *log) bool { return l.running == shards })
}

// checkStores: invariant 2, for every instance however its process ended. A store holds the changelog up to its checkpoint and nothing else.
func (b *bubble) checkStores() {
	changelog := b.readAll("counter.changelog")
	for name, disk := range b.disks {
		env, err := statestore.OpenEnv(b.dir+"/"+name, statestore.Options{Context: b.name, FS: disk})
		require.NoError(b.t, err)
		for shard := range b.shards {
			store, err := env.Open("counter", shard)
			require.NoError(b.t, err)
			checkpoint, _, err := store.Checkpoint()
			require.NoError(b.t, err)
			want, got := map[string]string{}, map[string]string{}
			for _, r := range changelog {
				if r.Partition == shard && r.Offset < checkpoint.Position {
					want[string(r.Key)] = string(r.Value)
				}
			}
			require.NoError(b.t, store.Scan(nil, func(key, value []byte) bool { got[string(key)] = string(value); return true }))
			require.True(b.t, maps.Equal(want, got), "store of shard %d of %s at position %d\nwant %v\ngot  %v", shard, name, checkpoint.Position, want, got)
			require.NoError(b.t, store.Close())
		}
		require.NoError(b.t, env.Close())
	}
}

// readAll reads the committed records of a topic to its end.
func (b *bubble) readAll(topic string) []*kgo.Record {
	ends, err := b.adm.ListEndOffsets(b.t.Context(), b.name+"."+topic)
	require.NoError(b.t, err)
	c := b.client(kgo.ConsumeTopics(b.name+"."+topic), kgo.KeepControlRecords(), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer c.Close()
	left := map[int32]bool{}
	for p, end := range ends[b.name+"."+topic] {
		if end.Offset > 0 {
			left[p] = true
		}
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	var recs []*kgo.Record
	for len(left) > 0 {
		fetches := c.PollFetches(ctx)
		require.NoError(b.t, ctx.Err(), "%s has no end on partitions %v", topic, left)
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				recs = append(recs, r)
			}
			if end, _ := ends.Lookup(r.Topic, r.Partition); r.Offset+1 == end.Offset {
				delete(left, r.Partition)
			}
		})
	}
	return recs
}

// isNode tells whether an address is that of a node.
func isNode(address string, node int32) bool {
	return strings.HasSuffix(address, ":"+strconv.Itoa(bubblePort+int(node)))
}

// pass lets virtual time pass: there is nothing to wait for but that nothing happens, or that the fault lasts.
func pass(d time.Duration) { <-time.After(d) }

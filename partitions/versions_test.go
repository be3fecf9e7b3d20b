package partitions

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
)

// version is one of what people call rows: it counts the commands of each key, and tells each count in a topic of its own.
func (b *bubble) version(n int, side Side) Component {
	name := versionName(n)
	return Component{
		Name: name, Of: "rows", Side: side, Changelog: b.name + "." + name, Inputs: []Input{{Topic: b.name + ".counter.commands"}},
		New: func(shard int32) Processor {
			return &counter{shard: shard, topic: b.name + "." + name + ".counts", known: make(map[string]int)}
		},
	}
}

func versionName(n int) string { return "rows.v" + strconv.Itoa(n) }

func (b *bubble) createVersion(n int) {
	b.t.Helper()
	for topic, policy := range map[string]string{versionName(n): "compact", versionName(n) + ".counts": "delete"} {
		_, err := b.adm.CreateTopic(b.t.Context(), b.shards, 1, map[string]*string{"cleanup.policy": &policy, "retention.ms": kadm.StringPtr("-1")}, b.name+"."+topic)
		require.NoError(b.t, err)
	}
}

// beginWith starts a process that is told by its own controls what is wanted.
func (b *bubble) beginWith(name string, w Wanted) (*life, *Controls) {
	b.ordered(w)
	return b.begin(name), b.controls
}

// awaitCounts waits until a version has counted every command, and fails at one that was left out or counted twice.
func (b *bubble) awaitCounts(n int) {
	b.t.Helper()
	b.awaitRecords(versionName(n)+".counts", b.count())
	b.checkCounts(n, b.count())
}

func (b *bubble) checkCounts(n, total int) {
	b.t.Helper()
	counts := b.readAll(versionName(n) + ".counts")
	require.Len(b.t, counts, total)
	last := make(map[string]int)
	for _, r := range counts {
		number, _, _ := strings.Cut(string(r.Value), " ")
		last[string(r.Key)]++
		require.Equal(b.t, strconv.Itoa(last[string(r.Key)]), number, "key %s", r.Key)
	}
}

func (b *bubble) awaitRuns(controls *Controls, components ...string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		list, err := controls.Standings(b.t.Context())
		require.NoError(b.t, err)
		runs := make(map[string]bool)
		for _, s := range list {
			runs[s.Component] = true
		}
		if len(runs) != len(components)+1 || !runs["counter"] {
			return false
		}
		for _, c := range components {
			if !runs[c] {
				return false
			}
		}
		return true
	}, waitFor, tick)
}

// Two processes are told of another version at other moments, while commands come, one of them is killed, and the version that was there is dropped.
func TestVersionsComeAndGoUnderLoadAndNothingIsLostOrDoubled(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		b.createVersion(1)
		one := Wanted{Components: []Component{b.version(1, ReadSide)}}
		both := Wanted{Components: []Component{b.version(1, ReadSide), b.version(2, BuildSide)}}
		two := Wanted{Components: []Component{b.version(2, ReadSide)}, Gone: []string{versionName(1)}}
		_, first := b.beginWith("a", one)
		second, others := b.beginWith("b", one)
		b.command(5)
		b.awaitCounts(1)

		b.createVersion(2)
		for n, w := range []Wanted{both, one, both} {
			b.command(2)
			first.Set(w)
			b.command(1)
			if n == 2 {
				second.die()
				second.bury()
				second, others = b.beginWith("b", w)
			} else {
				others.Set(w)
			}
			b.command(2)
		}
		b.awaitAll()
		b.awaitCounts(1)
		b.awaitCounts(2)

		before := b.count()
		for _, c := range []*Controls{first, others} {
			c.Set(two)
			b.awaitRuns(c, versionName(2))
		}
		b.command(3)
		b.awaitCounts(2)
		b.checkCounts(1, before)
	})
}

// A lane reads a partition once, from where the last of its tasks stands: what is level would see nothing new.
func TestWhatIsBuiltHoldsNobodyWhoIsLevel(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createVersion(1)
		b.createVersion(2)
		_, controls := b.beginWith("a", Wanted{Components: []Component{b.version(1, ReadSide)}})
		b.command(3)
		b.awaitCounts(1)
		slow, goOn := b.version(2, BuildSide), make(chan struct{})
		slow.New = func(shard int32) Processor { return waiting{b.version(2, BuildSide).New(shard), goOn} }
		controls.Set(Wanted{Components: []Component{b.version(1, ReadSide), slow}})
		b.command(3)
		b.awaitAll()
		b.awaitCounts(1)
		require.Empty(b.t, b.readAll(versionName(2)+".counts"))
		close(goOn)
		b.awaitCounts(2)
	})
}

// waiting decides nothing until it may.
type waiting struct {
	Processor
	until chan struct{}
}

func (p waiting) Process(w Window, recs []Record) error {
	<-p.until
	return p.Processor.Process(w, recs)
}

func TestStoresOfADroppedVersionAreRemoved(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createVersion(1)
		b.createVersion(2)
		both := Wanted{Components: []Component{b.version(1, ReadSide), b.version(2, BuildSide)}}
		dropped := Wanted{Components: []Component{b.version(2, ReadSide)}, Gone: []string{versionName(1)}}
		a, controls := b.beginWith("a", both)
		b.command(1)
		b.awaitCounts(1)
		b.awaitCounts(2)
		require.True(b.t, b.hasStores("a", 1))
		controls.Set(dropped)
		require.Eventually(b.t, func() bool { return !b.hasStores("a", 1) }, waitFor, tick)
		require.True(b.t, b.hasStores("a", 2))
		a.leave(b.t)

		// A process that was away when it was dropped does so at its start, with no shard of it.
		require.NoError(b.t, b.disks["a"].MkdirAll(fmt.Sprintf("%s/a/%s/%s/1", b.dir, b.name, versionName(1)), 0o755))
		require.True(b.t, b.hasStores("a", 1))
		b.beginWith("a", dropped)
		require.Eventually(b.t, func() bool { return !b.hasStores("a", 1) }, waitFor, tick)
		b.command(1)
		b.awaitCounts(2)
	})
}

func (b *bubble) hasStores(instance string, n int) bool {
	_, err := b.disks[instance].Stat(fmt.Sprintf("%s/%s/%s/%s", b.dir, instance, b.name, versionName(n)))
	if err != nil {
		require.ErrorIs(b.t, err, fs.ErrNotExist)
	}
	return err == nil
}

// The topics of a version may go a moment before a process is told that it is dropped.
func TestAVersionWithoutItsTopicHoldsNobodyElse(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createVersion(1)
		a, _ := b.beginWith("a", Wanted{Components: []Component{b.version(1, ReadSide), b.version(2, BuildSide)}})
		b.command(2)
		b.awaitAll()
		b.awaitCounts(1)
		a.await(b.t, says("topic "+b.name+".rows.v2: topic "+b.name+".rows.v2 is missing: processor topics DIR --apply creates it"))
		b.createVersion(2)
		b.awaitCounts(2)
	})
}

// What is wanted is mostly known a moment after a process begins: its shards are not acquired without versions first.
func TestShardsWaitForWhatIsWantedAndNotForLong(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createVersion(1)
		b.controls = NewControls()
		controls := b.controls
		began := time.Now()
		a := b.begin("a")
		pass(time.Second)
		controls.Set(Wanted{Components: []Component{b.version(1, ReadSide)}})
		b.command(1)
		b.awaitCounts(1)
		require.Less(b.t, time.Since(began), wantedPatience)
		a.leave(b.t)

		b.controls = NewControls()
		b.begin("a")
		b.command(1)
		b.awaitAll()
		b.checkCounts(1, 20)
		b.controls.Set(Wanted{Components: []Component{b.version(1, ReadSide)}})
		b.awaitCounts(1)
	})
}

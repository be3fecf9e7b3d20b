package partitions

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/kafka/records"
)

var pausedCopier = Wanted{Orders: map[string]Orders{"copier": {Paused: true, Why: "by ann"}}}

func skipping(at records.TopicPartition, offset records.Offset) Wanted {
	return Wanted{Orders: map[string]Orders{"copier": {Skip: map[records.TopicPartition]records.Offset{at: offset}}}}
}

// standing is how the copier does on a shard; the zero value if the shard runs nowhere.
func (b *bubble) standing(shard int32) Standing {
	list, err := b.controls.Standings(b.t.Context())
	require.NoError(b.t, err)
	for _, s := range list {
		if s.Component == "copier" && s.Shard == shard {
			return s
		}
	}
	return Standing{}
}

func (b *bubble) awaitStanding(state string, shards ...int32) {
	b.t.Helper()
	for _, shard := range shards {
		require.Eventually(b.t, func() bool { return b.standing(shard).State == state }, waitFor, tick)
	}
}

func (b *bubble) ordered(w Wanted) {
	b.controls = NewControls()
	b.controls.Set(w)
}

func TestAPausedComponentTakesNothingInAndOthersGoOn(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createCopies(2)
		b.ordered(Wanted{})
		a := b.begin("a", b.component(), b.following(noneBroken()))
		b.command(2)
		b.awaitAll()
		b.awaitCopies(2)
		b.awaitStanding(TaskRunning, 0, 1)

		b.controls.Set(pausedCopier)
		b.awaitStanding(TaskPaused, 0, 1)
		require.Equal(b.t, "by ann", b.standing(0).Why)
		stood := b.standing(0).Positions
		before := len(b.readAll("copies"))
		b.command(2)
		b.awaitAll()
		pass(time.Minute)
		require.Len(b.t, b.readAll("copies"), before)
		require.Equal(b.t, stood, b.standing(0).Positions)
		a.leave(b.t)

		b.ordered(pausedCopier)
		b.begin("a", b.component(), b.following(noneBroken()))
		b.command(1)
		b.awaitAll()
		b.awaitStanding(TaskPaused, 0, 1)
		pass(time.Minute)
		require.Len(b.t, b.readAll("copies"), before)
		b.controls.Set(Wanted{})
		b.awaitCopies(2)
	})
}

// What runs while it is not known yet may be meant to be paused.
func TestTheReadSideWaitsUntilItsOrdersAreKnown(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createCopies(2)
		b.controls = NewControls()
		b.begin("a", b.component(), b.following(noneBroken()))
		b.command(2)
		b.awaitAll()
		pass(time.Minute)
		require.Empty(b.t, b.readAll("copies"))
		require.Equal(b.t, ordersUnknown, b.standing(0).Why)
		b.controls.Set(Wanted{})
		b.awaitCopies(2)
	})
}

// A component is paused, and goes on, while a window of its fails at any moment.
func TestAComponentIsPausedWhileItsWindowFails(t *testing.T) {
	for _, m := range moments() {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, 2, func(b *bubble) {
				b.createCopies(2)
				b.ordered(Wanted{})
				a := b.begin("a", b.component(), b.following(noneBroken()))
				b.command(1)
				b.awaitAll()
				sprung := a.wire.at(m, func(c *wireConn) {
					_ = c.Close()
					go b.controls.Set(pausedCopier)
				})
				b.command(3)
				<-sprung
				b.awaitAll()
				b.awaitStanding(TaskPaused, 0, 1)
				pass(time.Minute)
				b.controls.Set(Wanted{})
				b.command(1)
				b.awaitAll()
				b.awaitCopies(2)
				require.Empty(b.t, a.events.stopped)
			})
		})
	}
}

// Each record that a task stops before must be let pass by itself.
func TestATaskGoesOnBehindTheRecordThatAnOperatorLetsPass(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createCopies(1)
		b.ordered(Wanted{})
		broken := noneBroken()
		broken.Store("k7")
		a := b.begin("a", b.component(), b.following(broken))
		b.command(2)
		b.awaitAll()
		for n := range 2 {
			a.await(b.t, func(l *log) bool { return len(l.stopped) == n+1 })
			b.awaitStanding(TaskHalted, 0)
			before := b.standing(0).Before
			require.NotNil(b.t, before)
			at := records.TopicPartition{Topic: b.name + ".counter.commands"}
			b.controls.Set(skipping(at, before.Offset-1))
			pass(time.Second)
			require.Equal(b.t, TaskHalted, b.standing(0).State, "another record was let pass")
			b.controls.Set(skipping(at, before.Offset))
		}
		b.awaitStanding(TaskRunning, 0)
		b.awaitRecords("copies", b.count()-2)
		var want []string
		for range 2 {
			for k := range 20 {
				if k != 7 {
					want = append(want, "k"+strconv.Itoa(k))
				}
			}
		}
		require.Equal(b.t, want, keysOn(b.readAll("copies"), 0))
		require.Len(b.t, a.events.stopped, 2)
	})
}

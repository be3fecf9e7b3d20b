package partitions

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryCommandIsCountedOnce(t *testing.T) {
	w := newWorld(t, 4)
	in := w.start("a")
	w.send(50, 100)
	w.awaitEvents(5000)
	in.stop(t)
	require.Zero(t, in.events.running)
}

func TestRestartGoesOnWhereItWas(t *testing.T) {
	w := newWorld(t, 4)
	for i := range 3 {
		in := w.start("a")
		w.send(20, 50)
		w.awaitEvents(1000 * (i + 1))
		in.stop(t)
	}
	// Another instance has no store: it restores from the changelog.
	in := w.start("b")
	w.send(20, 50)
	w.awaitEvents(4000)
	in.stop(t)
}

func TestShardsMoveWithoutLoss(t *testing.T) {
	w := newWorld(t, 6)
	a := w.start("a")
	w.send(20, 50)
	b := w.start("b")
	w.send(20, 50)
	w.awaitEvents(2000)
	a.stop(t)
	w.send(20, 50)
	w.awaitEvents(3000)
	b.stop(t)
}

func TestShardThatNeverHadARecordStartsAgain(t *testing.T) {
	w := newWorld(t, 4)
	for range 2 {
		in := w.start("a")
		in.await(t, func(l *log) bool { return l.running == 4 })
		in.stop(t)
		require.Empty(t, in.events.stopped)
	}
	in := w.start("a")
	w.send(20, 10)
	w.awaitEvents(200)
	in.stop(t)
}

// A projection's store fills from its repartition topic while some of its other inputs have nothing yet.
func TestSilentInputHasAPositionToo(t *testing.T) {
	w := newWorld(t, 2)
	_, err := w.adm.CreateTopic(t.Context(), 2, 1, nil, w.name+".silent")
	require.NoError(t, err)
	c := w.component()
	c.Inputs = append(c.Inputs, Input{Topic: w.name + ".silent"})
	for i := range 2 {
		in := w.start("a", c)
		w.send(20, 10)
		w.awaitEvents(200 * (i + 1))
		in.stop(t)
		require.Empty(t, in.events.stopped)
	}
}

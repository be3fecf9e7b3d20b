package partitions

import (
	"encoding/binary"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/records"
)

// onOwnBrokers runs a test on the embedded broker, and on an Apache Kafka if there is one to start.
func onOwnBrokers(t *testing.T, shards int32, f func(*testing.T, *world)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		own := &embeddedBroker{data: t.TempDir()}
		f(t, newWorldOn(t, shards, own, own.start(t)))
	})
	t.Run("apache", func(t *testing.T) {
		own := newApacheKafka(t)
		f(t, newWorldOn(t, shards, own, own.start(t)))
	})
}

// cutCommands cuts the commands' log back and writes on above where it was. It returns where it was cut.
func (w *world) cutCommands(position int64) int64 {
	w.own.stop(w.t)
	cut := cutBack(w.t, w.own, w.name+".counter.commands", 0, position)
	w.own.start(w.t)
	for range 20 {
		w.send(10, 1)
	}
	return cut
}

// holdBack holds requests of some kinds back until it is told to let them go.
func (g *gate) holdBack(kinds ...kmsg.Key) (letGo func()) {
	over := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.beforeRequest = func(request []byte) {
		// A request begins with its length, then its key.
		if slices.Contains(kinds, kmsg.Key(binary.BigEndian.Uint16(request[4:]))) {
			<-over
		}
	}
	return func() { close(over) }
}

// The sequence: records up to 100 are read and decided. A replica that has 60 of them becomes leader, and 200 more are written, so position 100
// is in the log again, and behind 40 records that nobody has read.
func TestInputThatWasCutBackAndWrittenOnStopsItsTask(t *testing.T) {
	const (
		stopped = "stopped"
		running = "running"
		// silent: it has read nothing since it was started.
		silent = "running, silent"
	)
	for _, reader := range []string{stopped, running, silent} {
		t.Run(reader, func(t *testing.T) {
			onOwnBrokers(t, 1, func(t *testing.T, w *world) {
				t.Helper()
				var g gate
				a := w.startThrough("a", &g)
				for range 10 {
					w.send(10, 1)
				}
				w.awaitEvents(100)
				if reader != running {
					a.stop(t)
				}
				if reader == silent {
					a = w.startThrough("a", &g)
					a.await(t, func(l *log) bool { return l.running == 1 })
				}
				// It does not see the log while that is short.
				written := g.holdBack(kmsg.Fetch, kmsg.OffsetForLeaderEpoch)
				cut := w.cutCommands(60)
				written()
				if reader == stopped {
					a = w.start("a")
				}
				a.await(t, func(l *log) bool { return len(l.stopped) > 0 })
				a.stop(t)
				var gap *GapError
				require.ErrorAs(t, a.events.stopped[0], &gap)
				require.Equal(t, CutBack, gap.Gap)
				require.EqualValues(t, 100, gap.Position)
				require.ErrorContains(t, gap, "--start counter="+w.name+".counter.commands/0:"+strconv.FormatInt(cut, 10))
				require.Len(t, w.awaitRecords("counter.events", 100), 100, "nothing was decided since")
			})
		})
	}
}

// The same, and nobody has written on: the position is behind the end.
func TestInputThatWasCutBackStopsItsTask(t *testing.T) {
	onOwnBrokers(t, 1, func(t *testing.T, w *world) {
		t.Helper()
		a := w.start("a")
		for range 10 {
			w.send(10, 1)
		}
		w.awaitEvents(100)
		w.own.stop(t)
		cut := cutBack(t, w.own, w.name+".counter.commands", 0, 60)
		w.own.start(t)
		a.await(t, func(l *log) bool { return len(l.stopped) > 0 })
		a.stop(t)
		var gap *GapError
		require.ErrorAs(t, a.events.stopped[0], &gap)
		require.Equal(t, CutBack, gap.Gap)
		require.EqualValues(t, cut, gap.Cut)
	})
}

// What the code leans on: a broker says where the records of an epoch end in the log as it is now (KIP-320).
func TestEpochOfALogThatWasCutBackEndsAtTheCut(t *testing.T) {
	onOwnBrokers(t, 1, func(t *testing.T, w *world) {
		t.Helper()
		for range 10 {
			w.send(10, 1)
		}
		at := records.TopicPartition{Topic: w.name + ".counter.commands"}
		epoch := w.awaitRecords("counter.commands", 100)[99].LeaderEpoch
		end, err := changelog.EpochEnd(t.Context(), w.cl, at, epoch)
		require.NoError(t, err)
		require.EqualValues(t, 100, end)
		cut := w.cutCommands(60)
		require.Eventually(t, func() bool {
			end, err = changelog.EpochEnd(t.Context(), w.cl, at, epoch)
			return err == nil
		}, waitFor, tick)
		require.EqualValues(t, cut, end)
		require.Less(t, cut, int64(100))
	})
}

// Two components read the topic: both stop, and the process goes on.
func TestGapStopsEveryReaderOfTheInput(t *testing.T) {
	w := newWorld(t, 1)
	copies := Component{
		Name: "echo", Side: WriteSide, Inputs: []Input{{Topic: w.name + ".counter.commands"}},
		New: func(int32) Processor { return echo{to: w.name + ".replies"} },
	}
	a := w.start("a", w.component(), copies)
	w.send(10, 10)
	w.awaitEvents(100)
	require.Len(t, w.awaitRecords("replies", 100), 100)
	a.stop(t)
	w.send(10, 10)
	w.deleteUpTo("counter.commands", 150)
	a = w.start("a", w.component(), copies)
	a.await(t, func(l *log) bool { return len(l.stopped) == 2 })
	a.stop(t)
	stopped := map[string]bool{}
	for _, err := range a.events.stopped {
		var gap *GapError
		require.ErrorAs(t, err, &gap)
		stopped[gap.Component] = true
	}
	require.Equal(t, map[string]bool{"counter": true, "echo": true}, stopped)
}

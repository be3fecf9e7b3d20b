package partitions

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/statestore"
)

// A reviser is a counter whose states have another form, "v2 n", and who cannot read the one before: it would count from 1 again.
type reviser struct {
	counter
	// strangers are states of the earlier form that it saw.
	strangers *atomic.Int64
}

func (c *reviser) Process(w Window, recs []Record) error {
	for i := range recs {
		r := &recs[i]
		v, err := w.Get(r.Key)
		if err != nil {
			return err
		}
		text, ok := strings.CutPrefix(string(v), "v2 ")
		if v != nil && !ok {
			c.strangers.Add(1)
		}
		n, _ := strconv.Atoi(text)
		w.Put(r, r.Key, fmt.Appendf(nil, "v2 %d", n+1), nil)
		w.Produce(r, OutputEvent, &kgo.Record{
			Topic: c.topic, Partition: c.shard, Key: r.Key, Value: append([]byte(strconv.Itoa(n+1)+" "), r.Value...),
		})
	}
	return nil
}

// A recount computes states from the events: the number of the last is the state.
type recount struct {
	topic   string
	store   *statestore.Store
	mark    string
	scratch *statestore.Store
	next    []byte
	// broken: the events cannot be understood.
	broken bool
}

var markKey = []byte("\xffmark")

func (r *recount) Read(ctx context.Context, scratch *statestore.Store, read ReadTopic) error {
	if r.broken {
		return &StopError{Err: errors.New("the events make no sense")}
	}
	r.scratch = scratch
	return read(ctx, r.topic, func(batch []*kgo.Record) error {
		var changes []statestore.Change
		for _, e := range batch {
			number, _, _ := strings.Cut(string(e.Value), " ")
			changes = append(changes, statestore.Change{Key: e.Key, Value: []byte("v2 " + number)})
		}
		if len(changes) == 0 {
			return nil
		}
		return scratch.Apply(changes, statestore.Checkpoint{})
	})
}

// Write writes one state at a time.
func (r *recount) Write(w Window) (bool, error) {
	wrote, more := false, []byte(nil)
	_, err := r.scratch.ScanFrom(r.next, func(key, value []byte) (bool, error) {
		if wrote {
			more = append(more, key...)
			return false, nil
		}
		stored, err := w.Get(key)
		if err == nil && string(stored) != string(value) {
			w.Put(nil, append([]byte(nil), key...), append([]byte(nil), value...), nil)
			wrote = true
		}
		return true, err
	})
	if r.next = more; err != nil || more != nil {
		return false, err
	}
	w.Put(nil, markKey, []byte(r.mark), nil)
	return true, nil
}

func (r *recount) Dropped() { r.next = nil }

// revised is the counter with another form of its states; each of an operator's wishes has them computed anew.
func (w *world) revised(strangers *atomic.Int64, broken ...*atomic.Bool) Component {
	c := w.component()
	topic := w.name + ".counter.events"
	c.New = func(shard int32) Processor {
		return &reviser{counter: counter{shard: shard, topic: topic}, strangers: strangers}
	}
	c.Rebuild = func(_ int32, store *statestore.Store, request int64) (Rebuild, error) {
		mark, err := store.Get(markKey)
		if want := strconv.FormatInt(request, 10); err == nil && string(mark) != want {
			return &recount{topic: topic, store: store, mark: want, broken: len(broken) > 0 && broken[0].Load()}, nil
		}
		return nil, err
	}
	return c
}

// counted lets an instance count by the earlier form, and leaves commands behind that nobody has taken.
func (b *bubble) counted() {
	a := b.begin("a")
	b.command(3)
	b.awaitAll()
	a.leave(b.t)
	b.command(3)
}

func TestNoRecordIsTakenBeforeStatesAreComputedAnew(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		var strangers atomic.Int64
		b.counted()
		b.windowBytes = 1
		b.begin("a", b.revised(&strangers))
		b.awaitAll()
		other := b.begin("b", b.revised(&strangers))
		other.awaitRunning(b.t, 2)
		b.command(3)
		b.awaitAll()
		require.Zero(b.t, strangers.Load())
	})
}

func TestKilledAtAnyMomentOfARebuildItIsDoneAgain(t *testing.T) {
	for _, m := range moments() {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, 4, func(b *bubble) {
				var strangers atomic.Int64
				b.counted()
				wire := newWire(b.network.DialContext)
				var a atomic.Pointer[life]
				sprung := wire.at(m, func(*wireConn) { a.Load().die() })
				a.Store(b.beginOn("a", wire, b.revised(&strangers)))
				<-sprung
				a.Load().bury()
				b.begin("a", b.revised(&strangers))
				b.awaitAll()
				require.Zero(b.t, strangers.Load())
			})
		})
	}
}

func TestWindowsOfARebuildThatAreAbortedAreWrittenAgain(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		var strangers atomic.Int64
		var refuses atomic.Bool
		b.counted()
		b.windowBytes = 1 // One state fills a window.
		refuses.Store(true)
		b.cluster.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			if fence, ok := req.(*kmsg.TxnOffsetCommitRequest); ok && refuses.Load() {
				return refuse(fence, kerr.IllegalGeneration), nil, true
			}
			return nil, nil, false
		})
		a := b.begin("a", b.revised(&strangers))
		a.await(b.t, func(l *log) bool { return l.windows["aborted"] >= 2 })
		refuses.Store(false)
		b.awaitAll()
		require.Zero(b.t, strangers.Load())
	})
}

// What else the shard has goes on while events are read that take long.
func TestOthersGoOnDuringARebuild(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		var strangers atomic.Int64
		b.counted()
		b.createCopies(1)
		release := make(chan struct{})
		b.begin("a", slowly(b.revised(&strangers), release), b.copying(noneBroken()))
		b.awaitRecords("copies", b.count())
		require.Len(b.t, b.readAll("counter.events"), b.count()/2)
		close(release)
		b.awaitAll()
	})
}

// Between a wish and the moment when its shard is acquired anew the tasks run on: that must not look like a wish that is met.
func TestWishIsNotMetBeforeItsStatesAreComputed(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		var strangers atomic.Int64
		b.controls = NewControls()
		b.controls.Set(Wanted{})
		release := make(chan struct{}, 4)
		for range 4 {
			release <- struct{}{} // What the shards begin with.
		}
		b.begin("a", slowly(b.revised(&strangers), release))
		b.command(1)
		b.awaitAll()
		b.controls.Set(Wanted{Orders: map[string]Orders{"counter": {Rebuild: 1}}})
		for range 200 {
			standings, err := b.controls.Standings(b.t.Context())
			require.NoError(b.t, err)
			for _, s := range standings {
				require.False(b.t, s.Asked == 1 && s.State == TaskRunning, "shard %d", s.Shard)
			}
			pass(time.Millisecond)
		}
		close(release)
	})
}

// slowly is a component whose states are computed when release lets them.
func slowly(c Component, release chan struct{}) Component {
	inner := c.Rebuild
	c.Rebuild = func(shard int32, store *statestore.Store, request int64) (Rebuild, error) {
		r, err := inner(shard, store, request)
		if r == nil {
			return r, err
		}
		return slowRebuild{r, release}, err
	}
	return c
}

type slowRebuild struct {
	Rebuild
	release chan struct{}
}

func (s slowRebuild) Read(ctx context.Context, scratch *statestore.Store, read ReadTopic) error {
	select {
	case <-s.release:
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.Rebuild.Read(ctx, scratch, read)
}

func TestOperatorsWishIsMetOnceAndWhileAllRuns(t *testing.T) {
	inBubble(t, 4, func(b *bubble) {
		var strangers atomic.Int64
		b.controls = NewControls()
		b.controls.Set(Wanted{})
		a := b.begin("a", b.revised(&strangers))
		b.command(3)
		b.awaitAll()
		b.controls.Set(Wanted{Orders: map[string]Orders{"counter": {Rebuild: 1}}})
		b.command(3)
		b.awaitAll()
		asked := func(number int64) {
			require.Eventually(b.t, func() bool {
				standings, err := b.controls.Standings(b.t.Context())
				require.NoError(b.t, err)
				met := 0
				for _, s := range standings {
					if s.Asked == number && s.State == TaskRunning {
						met++
					}
				}
				return met == 4
			}, waitFor, tick)
		}
		asked(1)
		b.controls.Set(Wanted{Orders: map[string]Orders{"counter": {Rebuild: 1}, "another": {}}})
		b.command(3)
		b.awaitAll()
		asked(1)
		a.events.mu.Lock()
		require.Equal(b.t, 8, a.events.rebuiltStates, "four shards, at their beginning and for the wish")
		a.events.mu.Unlock()
		a.leave(b.t)
		a = b.begin("a", b.revised(&strangers))
		b.command(1)
		b.awaitAll()
		require.Zero(b.t, a.events.rebuiltStates)
		require.Zero(b.t, strangers.Load())
	})
}

func TestStatesThatCannotBeComputedStopTheirTaskAndAWishTriesAgain(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		var strangers atomic.Int64
		var broken atomic.Bool
		b.controls = NewControls()
		b.controls.Set(Wanted{})
		b.counted()
		broken.Store(true)
		a := b.begin("a", b.revised(&strangers, &broken))
		a.await(b.t, func(l *log) bool { return len(l.stopped) == 2 })
		require.Len(b.t, b.readAll("counter.events"), b.count()/2)
		broken.Store(false)
		b.controls.Set(Wanted{Orders: map[string]Orders{"counter": {Rebuild: 1}}})
		b.awaitAll()
		require.Zero(b.t, strangers.Load())
	})
}

// What states follow from is not known any more: they stay as they are.
func TestStatesAreNotComputedFromEventsOfWhichSomeWereDeleted(t *testing.T) {
	w := newWorld(t, 1)
	a := w.start("a")
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
	w.deleteUpTo("counter.events", 1)
	var strangers atomic.Int64
	a = w.start("a", w.revised(&strangers))
	a.await(t, func(l *log) bool { return len(l.stopped) == 1 })
	require.ErrorContains(t, a.events.stopped[0], w.name+".counter.events/0 begins at 1: the events before were deleted")
	require.Zero(t, strangers.Load())
	a.stop(t)
}

// Its shard is acquired anew while a window with some of the states is open, or on its way.
func TestWishDuringARebuildBeginsItAnew(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		var strangers atomic.Int64
		b.controls = NewControls()
		b.controls.Set(Wanted{})
		b.counted()
		b.windowBytes = 1
		b.begin("a", b.revised(&strangers))
		for number := range int64(40) {
			b.controls.Set(Wanted{Orders: map[string]Orders{"counter": {Rebuild: number + 1}}})
			pass(time.Duration(number) * time.Millisecond)
		}
		b.command(1)
		b.awaitAll()
		require.Zero(b.t, strangers.Load())
	})
}

package commands

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/statestore"
)

// doubling is the behaviour after its evolve_ function was changed: each event counts twice. What it cannot evolve by is "+13".
type doubling struct{ counter }

func (b *doubling) Evolve(ctx context.Context, s entities.State, e *behaviors.Event) (entities.State, *entities.Failure) {
	if string(e.Payload.Data) == "+13" {
		return nil, &entities.Failure{Code: entities.BehaviorError, Message: "13 means nothing any more"}
	}
	for range 2 {
		s, _ = b.counter.Evolve(ctx, s, e)
	}
	return s, nil
}

// A shelf is a shard's committed store with the events that led to it.
type shelf struct {
	t      *testing.T
	env    *statestore.Env
	store  *statestore.Store
	events []*kgo.Record
}

// shelve commits what the desk has decided to a store.
func (d *desk) shelve() *shelf {
	d.window.commit()
	env, err := statestore.OpenEnv(d.t.TempDir(), statestore.Options{Context: "shop"})
	require.NoError(d.t, err)
	s := &shelf{t: d.t, env: env, store: openStore(d.t, env, "counter"), events: d.window.of(partitions.OutputEvent)}
	d.t.Cleanup(func() { require.NoError(d.t, env.Close()) })
	d.t.Cleanup(func() { require.NoError(d.t, s.store.Close()) })
	for at, e := range s.events {
		e.Offset = int64(at)
	}
	s.apply(d.window.store)
	return s
}

func openStore(t *testing.T, env *statestore.Env, name string) *statestore.Store {
	t.Helper()
	store, err := env.Open(name, 0)
	require.NoError(t, err)
	return store
}

func (s *shelf) apply(values map[string][]byte) {
	var changes []statestore.Change
	for key, value := range values {
		changes = append(changes, statestore.Change{Key: []byte(key), Value: value})
	}
	require.NoError(s.t, s.store.Apply(changes, statestore.Checkpoint{Position: 1}))
}

// neighbours are ids of the shard of c1, that first.
func neighbours(n int) []string {
	var ids []string
	for i := 1; len(ids) < n; i++ {
		if id := "c" + strconv.Itoa(i); shardOf(id) == shardOf("c1") {
			ids = append(ids, id)
		}
	}
	return ids
}

// rebuild computes the states anew and commits what is written; nil is returned if nothing is to be done.
func (s *shelf) rebuild(b behaviors.Entity, version, request int64) (*window, error) {
	d := Definition{Topics: shopTopics, Name: "counter", Behavior: b, StateVersion: version, MaxRecordBytes: 4096}
	r, err := d.rebuild(0, s.store, request)
	if r == nil || err != nil {
		return nil, err
	}
	scratch := openStore(s.t, s.env, "scratch")
	defer func() {
		require.NoError(s.t, scratch.Close())
		require.NoError(s.t, s.env.Remove("scratch", 0))
	}()
	if err := r.Read(s.t.Context(), scratch, func(_ context.Context, topic string, apply func([]*kgo.Record) error) error {
		require.Equal(s.t, "shop.counter.events", topic)
		return apply(s.events)
	}); err != nil {
		return nil, err
	}
	w := s.window()
	for done := false; !done; {
		done, err = r.Write(w)
		require.NoError(s.t, err)
	}
	s.apply(w.overlay)
	return w, nil
}

// window is one on the store.
func (s *shelf) window() *window {
	w := newWindow()
	require.NoError(s.t, s.store.Scan(nil, func(key, value []byte) bool {
		w.store[string(key)] = append([]byte(nil), value...)
		return true
	}))
	return w
}

func TestStatesOfAnotherVersionAreComputedFromTheEvents(t *testing.T) {
	d, ids := newDesk(t), neighbours(3)
	d.do(command("c1", "+5", asking("a")...), command("c1", "+1", asking("b")...), command(ids[1], "+1 delete"), command(ids[2], "reject=no", asking("r")...))
	s := d.shelve()

	w, err := s.rebuild(&doubling{}, 2, 0)
	require.NoError(t, err)
	one, _ := w.stored("c1")
	require.Equal(t, "12", string(one.State))
	require.Equal(t, int64(2), one.Sequence)
	require.Len(t, one.Outcomes, 2, "answers that are remembered stay")
	two, _ := s.window().stored(ids[1])
	require.Empty(t, two.State, "it was deleted")
	require.Equal(t, int64(1), two.Sequence)
	require.Equal(t, 2, w.puts, "one state has changed, and the revision")

	w, err = s.rebuild(&doubling{}, 2, 0)
	require.NoError(t, err)
	require.Nil(t, w, "they are of this version")
}

func TestParkedEntityStaysParkedWhenItsStateIsComputedAnew(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.OnFailure = entities.Park })
	d.do(command("c1", "+5"), command("c1", "bug"), command("c1", "+1"))
	s := d.shelve()
	before := s.window()
	_, err := s.rebuild(&doubling{}, 2, 0)
	require.NoError(t, err)
	after := s.window()
	was, _ := before.stored("c1")
	is, _ := after.stored("c1")
	require.Equal(t, "10", string(is.State))
	require.Equal(t, was.Parked, is.Parked)
	require.Len(t, after.store, len(before.store)+1, "with the revision")
}

func TestWishIsMetOnce(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+5"))
	s := d.shelve()
	for _, wish := range []struct {
		request int64
		met     bool
	}{{0, false}, {1, true}, {1, false}, {4, true}, {0, false}} {
		w, err := s.rebuild(&counter{}, 1, wish.request)
		require.NoError(t, err)
		require.Equal(t, wish.met, w != nil, "number %d", wish.request)
	}
	revision, err := entities.ParseRevision(s.window().store[string(entities.RevisionKey())])
	require.NoError(t, err)
	require.Equal(t, entities.Revision{Version: 1, Request: 4}, revision)
}

func TestStateThatWasLostOrDamagedIsMended(t *testing.T) {
	d, ids := newDesk(t), neighbours(2)
	d.do(command("c1", "+5"), command(ids[1], "+7"), command(ids[1], "+1"))
	s := d.shelve()
	behind := entities.Stored{Fingerprint: counterFingerprint, Sequence: 1, State: []byte("99")}
	s.apply(map[string][]byte{"c1": nil, ids[1]: behind.Append(nil)})
	w, err := s.rebuild(&counter{}, 1, 1)
	require.NoError(t, err)
	one, _ := w.stored("c1")
	require.Equal(t, "5", string(one.State))
	two, _ := w.stored(ids[1])
	require.Equal(t, "8", string(two.State))
	require.Equal(t, int64(2), two.Sequence)
}

// Nothing is written unless everything can be.
func TestStatesThatDoNotFollowFromTheEventsStopTheTask(t *testing.T) {
	more := entities.Stored{Fingerprint: counterFingerprint, Sequence: 7, State: []byte("99")}
	for name, c := range map[string]struct {
		stored map[string][]byte
		script string
		says   string
	}{
		"an event that cannot be evolved by": {nil, "+13", "13 means nothing any more"},
		"events that were lost":              {map[string][]byte{"c1": more.Append(nil)}, "+1", "c1: it is stored with sequence 7 and its events end at 1"},
		"an entity without events":           {map[string][]byte{"c9": more.Append(nil)}, "+1", "c9: it is stored with sequence 7 and has no events"},
		"a value that cannot be read":        {map[string][]byte{"c1": {9, 9}}, "+1", "c1: stored entity of format 9"},
		"a state that has become too large":  {nil, "+1 wide=4040", "its state would take"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.do(command("c1", c.script))
			s := d.shelve()
			s.apply(c.stored)
			before := s.window().store
			var b behaviors.Entity = &doubling{}
			if strings.Contains(c.script, "wide") {
				b = &widening{}
			}
			_, err := s.rebuild(b, 2, 0)
			var stop *partitions.StopError
			require.ErrorAs(t, err, &stop)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, before, s.window().store)
		})
	}
}

// widening has states of more bytes than are written.
type widening struct{ counter }

func (*widening) EncodeState(entities.State) ([]byte, uint64, error) {
	return make([]byte, 5000), counterFingerprint, nil
}

func TestStatesOfALaterVersionStopTheTask(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+5"))
	s := d.shelve()
	_, err := s.rebuild(&doubling{}, 3, 0)
	require.NoError(t, err)
	_, err = s.rebuild(&counter{}, 2, 0)
	require.ErrorContains(t, err, "are of state_version 3, this process has version 2")
}

// A window may be given up behind any call of Write.
func TestRebuildThatBeginsAnewWritesTheSame(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		for _, id := range neighbours(4) {
			d.do(command(id, "+1 wide=1000"))
		}
	}
	s := d.shelve()
	definition := Definition{Topics: shopTopics, Name: "counter", Behavior: &doubling{}, StateVersion: 2, MaxRecordBytes: 4096}
	r, err := definition.rebuild(0, s.store, 0)
	require.NoError(t, err)
	scratch := openStore(t, s.env, "scratch")
	defer func() { require.NoError(t, scratch.Close()) }()
	require.NoError(t, r.Read(t.Context(), scratch, func(_ context.Context, _ string, apply func([]*kgo.Record) error) error { return apply(s.events) }))
	lost := s.window()
	_, err = r.Write(lost)
	require.NoError(t, err)
	r.Dropped()
	kept := s.window()
	done, err := r.Write(kept)
	require.NoError(t, err)
	require.True(t, done)
	require.Equal(t, lost.overlay, kept.overlay)
}

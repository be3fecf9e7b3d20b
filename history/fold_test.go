package history

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history/historytest"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// stores opens stores that are closed with the test.
func stores(t *testing.T, names ...string) []*statestore.Store {
	t.Helper()
	env, err := statestore.OpenEnv(t.TempDir(), statestore.Options{Context: "shop"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Close()) })
	var list []*statestore.Store
	for _, name := range names {
		s, err := env.Open(name, 0)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		list = append(list, s)
	}
	return list
}

func newFold(store *statestore.Store, mostBytes int) *Fold {
	return New(Options{Entity: "sum", Behavior: historytest.Sum{}, Store: store, MostBytes: mostBytes})
}

// at puts records behind each other.
func at(recs ...*kgo.Record) []*kgo.Record {
	for i, r := range recs {
		r.Topic, r.Offset = "shop.sum.events", int64(i)
	}
	return recs
}

func foldAll(ctx context.Context, t require.TestingT, h *Fold, recs []*kgo.Record, upTo Limit) {
	for _, r := range recs {
		require.NoError(t, h.Take(ctx, r, upTo))
	}
	require.NoError(t, h.Flush())
}

// What the events of each entity lead to does not depend on what fits in memory, and reading them again changes nothing.
func TestAFoldIsWhatEachEntitysEventsLeadTo(t *testing.T) {
	all, ctx := stores(t, "small", "large"), t.Context()
	rapid.Check(t, func(t *rapid.T) {
		small, large := newFold(all[0], 1), newFold(all[1], 1<<30)
		run := rapid.StringMatching(`[a-z]{8}`).Draw(t, "run") // Stores are shared by all runs.
		var recs []*kgo.Record
		sequences, sums := map[string]int64{}, map[string]int64{}
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			id := run + rapid.SampledFrom([]string{"", "b", "c"}).Draw(t, "id")
			sequences[id]++
			n := rapid.Int64Range(-3, 3).Draw(t, "n")
			if n == 3 {
				sums[id] = 0
				recs = append(recs, historytest.End(id, sequences[id]))
			} else {
				sums[id] += n
				recs = append(recs, historytest.Event(id, sequences[id], fmt.Sprint(n)))
			}
		}
		at(recs...)
		for _, h := range []*Fold{small, large} {
			foldAll(ctx, t, h, recs, nil)
			foldAll(ctx, t, h, recs[len(recs)/2:], nil)
			require.EqualValues(t, len(recs), h.Events())
			for id, sequence := range sequences {
				f, err := h.Get([]byte(id))
				require.NoError(t, err)
				require.Empty(t, f.Failure)
				require.Equal(t, sequence, f.Sequence)
				state := entities.State(&historytest.Number{})
				if len(f.State) > 0 {
					state, err = historytest.Sum{}.DecodeState(f.Fingerprint, f.State)
					require.NoError(t, err)
				}
				require.Equal(t, sums[id], state.(*historytest.Number).N)
			}
		}
	})
}

func TestAFoldStopsAtWhatCannotBeFolded(t *testing.T) {
	for name, c := range map[string]struct {
		recs     []*kgo.Record
		sequence int64
		want     string
	}{
		"a gap":          {at(historytest.Event("a", 1, "1"), historytest.Event("a", 3, "1")), 1, "shop.sum.events/0/1: event 3 follows event 1"},
		"a double":       {at(historytest.Event("a", 1, "1"), historytest.Event("a", 1, "1"), historytest.Event("a", 2, "1")), 1, "shop.sum.events/0/1: event 1 follows event 1"},
		"no first event": {at(historytest.Event("a", 2, "1")), 0, "shop.sum.events/0/0: event 2 follows event 0"},
		"a failure":      {at(historytest.Event("a", 1, "1"), historytest.Event("a", 2, "boom"), historytest.Event("a", 3, "1")), 1, "shop.sum.events/0/1: event 2: behavior: sum.star:3:5: boom"},
		"no sequence":    {at(&kgo.Record{Key: []byte("a"), Value: []byte("1")}), 0, "shop.sum.events/0/0: the record is no event: it needs the headers ce_type and partita_sequence"},
		"no state":       {at(historytest.Event("a", 1, "1"), historytest.Event("a", 2, "odd")), 2, "event 2: the state after it cannot be stored: it is odd"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFold(stores(t, "events")[0], 1)
			foldAll(t.Context(), t, h, append(c.recs, at(historytest.Event("b", 1, "5"))...), nil)
			f, err := h.Get([]byte("a"))
			require.NoError(t, err)
			require.Equal(t, c.want, f.Failure)
			require.Equal(t, c.sequence, f.Sequence)
			require.Empty(t, f.State)
			b, err := h.Get([]byte("b"))
			require.NoError(t, err)
			require.Equal(t, "5", string(b.State), "others go on")
		})
	}
}

func TestAFoldGoesAsFarAsItIsTold(t *testing.T) {
	h := newFold(stores(t, "events")[0], 1)
	recs := at(historytest.Event("a", 1, "1"), historytest.Event("b", 1, "1"), historytest.Event("a", 2, "1"), historytest.Event("a", 3, "1"))
	most := map[string]int64{"a": 2}
	upTo := func(id []byte) (int64, error) { return most[string(id)], nil }
	foldAll(t.Context(), t, h, recs, upTo)
	f, err := h.Get([]byte("a"))
	require.NoError(t, err)
	require.EqualValues(t, 2, f.Sequence)
	b, err := h.Get([]byte("b"))
	require.NoError(t, err)
	require.Nil(t, b, "nothing of it was folded")
	most["a"], most["b"] = 3, 1
	foldAll(t.Context(), t, h, recs, upTo)
	f, err = h.Get([]byte("a"))
	require.NoError(t, err)
	require.Equal(t, "3", string(f.State))
}

func TestWhatWasKeptIsNotBelievedWhenItIsCut(t *testing.T) {
	e := &evolving{next: 300, sequence: 2, state: &historytest.Number{N: 5}}
	b := e.append(nil, historytest.Sum{})
	for n := range 3 {
		_, err := parseEntity(b[:n])
		require.ErrorIs(t, err, errKept)
	}
}

func TestTimeOfAnEntityIsThatOfItsLastCommand(t *testing.T) {
	h := newFold(stores(t, "events")[0], 1)
	first, second := historytest.Event("a", 1, "1", records.Time, "2026-11-24T12:00:00.007Z"), historytest.Event("b", 1, "1")
	second.Timestamp = time.UnixMilli(5)
	foldAll(t.Context(), t, h, at(first, second), nil)
	want := map[string]int64{"a": 1795521600007, "b": 5}
	require.NoError(t, h.Each(t.Context(), func(id []byte, e *Entity) error {
		require.Equal(t, want[string(id)], e.EventTimeMS)
		delete(want, string(id))
		return nil
	}))
	require.Empty(t, want)
	enough := errors.New("enough")
	require.ErrorIs(t, h.Each(t.Context(), func([]byte, *Entity) error { return enough }), enough)
}

package verifying

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/entities"
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

func newHistory(store *statestore.Store, mostBytes int) *history {
	return &history{entity: "sum", behavior: sum{}, store: store, recent: map[string]*folded{}, mostBytes: mostBytes}
}

// at puts records behind each other.
func at(recs ...*kgo.Record) []*kgo.Record {
	for i, r := range recs {
		r.Topic, r.Offset = "shop.sum.events", int64(i)
	}
	return recs
}

func foldAll(ctx context.Context, t require.TestingT, h *history, recs []*kgo.Record, upTo limit) {
	for _, r := range recs {
		require.NoError(t, h.fold(ctx, r, upTo))
	}
	require.NoError(t, h.flush())
}

// What the events of each entity lead to does not depend on what fits in memory, and reading them again changes nothing.
func TestHistoryIsWhatEachEntitysEventsLeadTo(t *testing.T) {
	all, ctx := stores(t, "small", "large"), t.Context()
	rapid.Check(t, func(t *rapid.T) {
		small, large := newHistory(all[0], 1), newHistory(all[1], 1<<30)
		run := rapid.StringMatching(`[a-z]{8}`).Draw(t, "run") // Stores are shared by all runs.
		var recs []*kgo.Record
		sequences, sums := map[string]int64{}, map[string]int64{}
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			id := run + rapid.SampledFrom([]string{"", "b", "c"}).Draw(t, "id")
			sequences[id]++
			n := rapid.Int64Range(-3, 3).Draw(t, "n")
			if n == 3 {
				sums[id] = 0
				recs = append(recs, ended(id, sequences[id]))
			} else {
				sums[id] += n
				recs = append(recs, happened(id, sequences[id], fmt.Sprint(n)))
			}
		}
		at(recs...)
		for _, h := range []*history{small, large} {
			foldAll(ctx, t, h, recs, nil)
			foldAll(ctx, t, h, recs[len(recs)/2:], nil)
			require.EqualValues(t, len(recs), h.events)
			for id, sequence := range sequences {
				f, ok, err := h.get([]byte(id))
				require.NoError(t, err)
				require.True(t, ok)
				require.Empty(t, f.failure)
				require.Equal(t, sequence, f.Sequence)
				state := entities.State(&number{})
				if len(f.State) > 0 {
					state, err = sum{}.DecodeState(f.Fingerprint, f.State)
					require.NoError(t, err)
				}
				require.Equal(t, sums[id], state.(*number).n)
			}
		}
	})
}

func TestHistoryStopsAtWhatCannotBeFolded(t *testing.T) {
	for name, c := range map[string]struct {
		recs     []*kgo.Record
		sequence int64
		want     string
	}{
		"a gap":          {at(happened("a", 1, "1"), happened("a", 3, "1")), 1, "shop.sum.events/0/1: event 3 follows event 1"},
		"a double":       {at(happened("a", 1, "1"), happened("a", 1, "1"), happened("a", 2, "1")), 1, "shop.sum.events/0/1: event 1 follows event 1"},
		"no first event": {at(happened("a", 2, "1")), 0, "shop.sum.events/0/0: event 2 follows event 0"},
		"a failure":      {at(happened("a", 1, "1"), happened("a", 2, "boom"), happened("a", 3, "1")), 1, "shop.sum.events/0/1: event 2: behavior: sum.star:3:5: boom"},
		"no sequence":    {at(&kgo.Record{Key: []byte("a"), Value: []byte("1")}), 0, "shop.sum.events/0/0: the record is no event: it needs the headers ce_type and partita_sequence"},
		"no state":       {at(happened("a", 1, "1"), happened("a", 2, "odd")), 2, "event 2: the state after it cannot be stored: it is odd"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory(stores(t, "events")[0], 1)
			foldAll(t.Context(), t, h, append(c.recs, at(happened("b", 1, "5"))...), nil)
			f, _, err := h.get([]byte("a"))
			require.NoError(t, err)
			require.Equal(t, c.want, f.failure)
			require.Equal(t, c.sequence, f.Sequence)
			require.Empty(t, f.State)
			b, _, err := h.get([]byte("b"))
			require.NoError(t, err)
			require.Equal(t, "5", string(b.State), "others go on")
		})
	}
}

func TestHistoryGoesAsFarAsItIsTold(t *testing.T) {
	h := newHistory(stores(t, "events")[0], 1)
	recs := at(happened("a", 1, "1"), happened("b", 1, "1"), happened("a", 2, "1"), happened("a", 3, "1"))
	most := map[string]int64{"a": 2}
	upTo := func(id []byte) (int64, error) { return most[string(id)], nil }
	foldAll(t.Context(), t, h, recs, upTo)
	f, _, err := h.get([]byte("a"))
	require.NoError(t, err)
	require.EqualValues(t, 2, f.Sequence)
	_, ok, err := h.get([]byte("b"))
	require.NoError(t, err)
	require.False(t, ok, "nothing of it was folded")
	most["a"], most["b"] = 3, 1
	foldAll(t.Context(), t, h, recs, upTo)
	f, _, err = h.get([]byte("a"))
	require.NoError(t, err)
	require.Equal(t, "3", string(f.State))
}

func TestWhatWasKeptIsNotBelievedWhenItIsCut(t *testing.T) {
	f := &folded{next: 300, sequence: 2, state: &number{n: 5}, failure: ""}
	b := f.append(nil, sum{})
	for n := range 3 {
		_, err := parseFolded(b[:n])
		require.ErrorIs(t, err, errFolded)
	}
	_, err := parseImage(make([]byte, imageHead-1))
	require.ErrorContains(t, err, "damaged")
}

package crdt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/crdt"
)

// forEach tries a law on types.
func forEach(t *testing.T, kinds []string, law func(*rapid.T, string)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(strings.ReplaceAll(kind, " ", "-"), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { law(t, kind) })
		})
	}
}

// Whoever knows all that those knew whose changes it knows has exactly the value that the list of all deeds means, whatever came twice, late or never;
// and so has everybody in the end.
func TestEverybodyReadsWhatWasDone(t *testing.T) {
	forEach(t, kinds, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.judge = w.agrees
		w.play(t)
		w.everybodyHears(t)
		for _, r := range w.readers {
			require.True(t, w.isCut(r.known))
			require.Equal(t, crdt.Dump(w.readers[0].view), crdt.Dump(r.view))
		}
	})
}

// Whatever order, however often, and merged in whatever groups: the same contributions give the same view.
func TestFoldingIsAssociativeCommutativeAndIdempotent(t *testing.T) {
	forEach(t, kinds, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.play(t)
		var all []crdt.Contribution
		for shard := range w.own {
			w.publish(t, shard)
			all = append(all, w.published[shard]...)
		}
		some := rapid.SliceOfN(rapid.SampledFrom(all), 1, 20).Draw(t, "contributions")
		want, err := crdt.Fold(w.typ, some...)
		require.NoError(t, err)

		again := append(slices.Clone(some), rapid.SliceOfN(rapid.SampledFrom(some), 0, 5).Draw(t, "again")...)
		groups := make([]*reader, rapid.IntRange(1, 5).Draw(t, "groups"))
		for i := range groups {
			groups[i] = newReader(w.typ)
		}
		for _, c := range rapid.Permutation(again).Draw(t, "order") {
			w.hear(t, rapid.SampledFrom(groups).Draw(t, "group"), c)
		}
		for len(groups) > 1 {
			i := rapid.IntRange(0, len(groups)-2).Draw(t, "merged")
			if rapid.Bool().Draw(t, "the other way round") {
				groups[i], groups[i+1] = groups[i+1], groups[i]
			}
			w.meet(t, groups[i], groups[i+1])
			w.meet(t, groups[i], groups[i])
			groups = slices.Delete(groups, i+1, i+2)
		}
		require.Equal(t, crdt.Dump(want), crdt.Dump(groups[0].view))
		require.Equal(t, said(want), said(groups[0].view))
	})
}

// Old news changes nothing: the newest of each shard, and what has been known of removals, is all that counts.
func TestOldNewsChangesNothing(t *testing.T) {
	forEach(t, kinds, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.play(t)
		w.everybodyHears(t)
		r := w.readers[0]
		before := crdt.Dump(r.view)
		for _, of := range w.published {
			for _, c := range rapid.Permutation(of).Draw(t, "order") {
				w.hear(t, r, c)
				require.Equal(t, said(w.readers[1].view), said(r.view))
			}
		}
		require.Equal(t, before, crdt.Dump(r.view))
	})
}

// A reader never shows an addition again that it has shown as gone, whatever old contribution comes.
func TestWhatIsGoneDoesNotComeBack(t *testing.T) {
	forEach(t, []string{"set", "map of counter", "flag"}, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.judge = func(t *rapid.T, r *reader) {
			for name, additions := range w.additions(r.known) {
				shown := w.shows(r.view, name)
				left := false
				for _, d := range additions {
					if !shown {
						r.buried[d] = true
					}
					left = left || !r.buried[d]
				}
				require.Equal(t, shown, left, "%q in %s", name, said(r.view))
			}
		}
		w.play(t)
	})
}

// additions are those that somebody knows, by what they add.
func (w *world) additions(known versions) map[string][]*deed {
	of := map[string][]*deed{}
	for _, d := range w.known(known) {
		if !d.adds() {
			continue
		}
		name := d.key
		if len(d.path) > 0 {
			name = d.path[0]
		}
		of[name] = append(of[name], d)
	}
	return of
}

func (w *world) shows(view crdt.View, name string) bool {
	switch w.kind {
	case "set":
		return view.Contains(text(name))
	case "flag":
		return view.Enabled()
	}
	return view.Has(name)
}

// When all have heard of each other and tidied, twice, there are no removals left and no entry that is not alive. Tidying changes no value, and a
// third time changes nothing at all.
func TestTwoRoundsOfTidyingLeaveOnlyWhatIsAlive(t *testing.T) {
	forEach(t, kinds, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.play(t)
		w.everybodyHears(t)
		want := said(w.readers[0].view)
		for range 2 {
			for shard := range w.own {
				w.tidy(t, shard)
			}
			w.everybodyHears(t)
			require.Equal(t, want, said(w.readers[0].view))
		}
		for shard, c := range w.own {
			require.Zero(t, crdt.Removals(c))
			require.Equal(t, w.entriesAlive(int32(shard)), crdt.Entries(c), "shard %d of\n%s", shard, w)
			w.tidy(t, shard)
			require.Equal(t, c.Version(), w.own[shard].Version())
		}
		require.NotContains(t, crdt.Dump(w.readers[0].view), "less")
	})
}

// entriesAlive is how many keys and elements a shard has that are alive.
func (w *world) entriesAlive(shard int32) int {
	all := w.known(w.readers[0].known)
	keys := map[string]bool{}
	for _, d := range all {
		if d.shard != shard || !d.adds() {
			continue
		}
		name := w.kind
		for _, key := range d.path[:standing(d, all)] {
			name += "/" + key
			keys[name] = true
		}
		if (d.verb == "add" || d.verb == "cast") && standing(d, all) == len(d.path) && !undone(d, all) {
			keys[name+"/"+d.key] = true
		}
	}
	return len(keys)
}

// A register's write is later than all that its maker had seen alive, and as early as that allows.
func TestAWriteIsLaterThanWhatItHadSeen(t *testing.T) {
	forEach(t, []string{"register", "map of register", "vote"}, func(t *rapid.T, kind string) {
		w := drawWorld(t, kind)
		w.play(t)
		for _, d := range w.deeds {
			if d.verb != "write" && d.verb != "cast" {
				continue
			}
			require.GreaterOrEqual(t, d.ms, uint64(d.nowMS))
			ahead := false
			for _, other := range w.deeds {
				if d.saw(other) && slices.Equal(other.path, d.path) && other.key == d.key && other.verb == d.verb {
					ahead = ahead || other.ms == d.ms
					require.True(t, standing(other, w.seenBy(d)) < len(other.path) || d.ms > other.ms || d.ms == other.ms && d.count > other.count)
				}
			}
			require.True(t, ahead || d.ms == uint64(d.nowMS) && d.count == 0)
		}
	})
}

// seenBy are the deeds that the maker of one had seen.
func (w *world) seenBy(d *deed) []*deed {
	return slices.DeleteFunc(slices.Clone(w.deeds), func(other *deed) bool { return !d.saw(other) })
}

package crdt_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/crdt"
)

// kinds are the types that the laws are tried on.
var kinds = []string{
	"counter", "grow-counter", "flag", "register", "multi-register", "set", "grow-set", "vote",
	"map of counter", "map of grow-counter", "map of flag", "map of register", "map of multi-register", "map of set", "map of grow-set", "map of vote",
	"map of map of counter", "map of map of set", "map of map of flag", "map of map of map of counter",
}

// A world is some shards that change one value, with everything that they have published and everybody who reads it.
type world struct {
	twin
	kind string
	typ  crdt.Type
	own  []crdt.Contribution
	// published are the contributions of each shard that others may come to know, oldest first.
	published [][]crdt.Contribution
	// based is what each version of a shard was made with: the newest versions that the shard had known until then.
	based []map[uint64]versions
	// readers begin with the shards' own.
	readers []*reader
	// judge is asked whenever a reader has heard something; nil for nobody.
	judge func(*rapid.T, *reader)
}

// A reader has heard of some contributions.
type reader struct {
	view  crdt.View
	known versions
	// buried are the additions that it has known to be gone.
	buried map[*deed]bool
}

func newReader(t crdt.Type) *reader {
	view, err := crdt.Fold(t)
	if err != nil {
		panic(err)
	}
	return &reader{view: view, known: versions{}, buried: map[*deed]bool{}}
}

func drawWorld(t *rapid.T, kind string) *world {
	typ, err := crdt.ParseType(kind)
	require.NoError(t, err)
	w := &world{kind: kind, typ: typ}
	shards := rapid.IntRange(2, 4).Draw(t, "shards")
	for i := range shards {
		w.own = append(w.own, crdt.New(typ, int32(i)))
		w.published = append(w.published, nil)
		w.based = append(w.based, map[uint64]versions{0: {}})
	}
	for range shards + 2 {
		w.readers = append(w.readers, newReader(typ))
	}
	return w
}

// drawChange draws one that fits the type.
func (w *world) drawChange(t *rapid.T) change {
	c := change{nowMS: rapid.Int64Range(1, 5).Draw(t, "now")}
	kind := w.kind
	name := rapid.SampledFrom([]string{"a", "a", "b", ""})
	for strings.HasPrefix(kind, "map") && rapid.IntRange(0, 9).Draw(t, "deeper") < 8 {
		c.path = append(c.path, name.Draw(t, "key"))
		kind = strings.TrimPrefix(kind, "map of ")
	}
	verbs := map[string][]string{
		"counter": {"increment"}, "grow-counter": {"increment"}, "flag": {"enable", "disable"}, "register": {"write"}, "multi-register": {"assign"},
		"set": {"add", "add", "remove", "clear"}, "grow-set": {"add"}, "vote": {"cast"},
	}[kind]
	if verbs == nil {
		verbs = []string{"delete", "delete", "delete", "clear"}
	}
	c.verb = rapid.SampledFrom(verbs).Draw(t, "verb")
	switch c.verb {
	case "add", "remove", "delete", "cast":
		c.key = name.Draw(t, "name")
	}
	switch c.verb {
	case "increment", "cast", "write", "assign":
		c.n = rapid.Int64Range(0, 5).Draw(t, "n")
		if kind == "counter" {
			c.n -= 2
		}
	}
	return c
}

func (w *world) drawShard(t *rapid.T) int { return rapid.IntRange(0, len(w.own)-1).Draw(t, "shard") }

func (w *world) drawReader(t *rapid.T) *reader {
	return w.readers[rapid.IntRange(0, len(w.readers)-1).Draw(t, "reader")]
}

// change lets a shard change the value with what its reader knows. What is aborted is as if it had never been.
func (w *world) change(t *rapid.T, shard int, c change) {
	r := w.readers[shard]
	before := w.own[shard].Append(nil)
	next, err := w.own[shard].Apply(c.operation(), r.view)
	require.NoError(t, err)
	require.Equal(t, before, w.own[shard].Append(nil))
	if (&deed{change: c}).adds() && next.Version() == w.own[shard].Version() {
		// An addition is a new one even if it is there already: somebody may be removing the one before it. Only what is never removed is not added twice.
		require.Equal(t, "grow-set", w.kind)
		view, err := r.view.With(w.own[shard])
		require.NoError(t, err)
		require.True(t, view.Contains(text(c.key)))
	}
	w.replace(t, shard, next, r, &c)
}

func (w *world) tidy(t *rapid.T, shard int) {
	next, err := w.own[shard].Tidy(w.readers[shard].view)
	require.NoError(t, err)
	w.replace(t, shard, next, w.readers[shard], nil)
}

func (w *world) replace(t *rapid.T, shard int, next crdt.Contribution, r *reader, c *change) {
	own := w.own[shard]
	if next.Version() == own.Version() {
		require.Equal(t, own.Append(nil), next.Append(nil))
		return
	}
	require.Equal(t, own.Version()+1, next.Version())
	base := maps.Clone(w.based[shard][own.Version()])
	base.learn(r.known)
	delete(base, int32(shard))
	w.based[shard][next.Version()] = base
	w.own[shard] = next
	if c == nil {
		return
	}
	d := &deed{change: *c, shard: int32(shard), version: next.Version(), seen: maps.Clone(r.known)}
	switch c.verb {
	case "write":
		d.ms, d.count = crdt.StampOf(next, c.path...)
	case "cast":
		d.ms, d.count = crdt.StampOf(next, append(slices.Clone(c.path), c.key)...)
	}
	w.deeds = append(w.deeds, d)
}

// publish makes a shard's contribution known to who listens, as bytes.
func (w *world) publish(t *rapid.T, shard int) {
	b := w.own[shard].Append(nil)
	read, err := crdt.Parse(b)
	require.NoError(t, err)
	require.Equal(t, b, read.Append(nil))
	w.published[shard] = append(w.published[shard], read)
}

func (w *world) hear(t *rapid.T, r *reader, c crdt.Contribution) {
	view, err := r.view.With(c)
	require.NoError(t, err)
	r.view = view
	r.known.learn(versions{c.Shard(): c.Version()})
	w.judged(t, r)
}

func (w *world) judged(t *rapid.T, r *reader) {
	if w.judge != nil {
		w.judge(t, r)
	}
}

func (w *world) meet(t *rapid.T, r, other *reader) {
	view, err := r.view.Merge(other.view)
	require.NoError(t, err)
	r.view = view
	r.known.learn(other.known)
	maps.Copy(r.buried, other.buried)
	w.judged(t, r)
}

// race lets every shard change something at once, each knowing all that was before and nothing of the others.
func (w *world) race(t *rapid.T) {
	w.everybodyHears(t)
	for shard := range w.own {
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			w.change(t, shard, w.drawChange(t))
		}
	}
}

// everybodyHears gives everybody the newest of all shards.
func (w *world) everybodyHears(t *rapid.T) {
	for shard := range w.own {
		w.publish(t, shard)
	}
	for _, r := range w.readers {
		for _, shard := range rapid.Permutation(w.shards()).Draw(t, "order") {
			w.hear(t, r, w.published[shard][len(w.published[shard])-1])
		}
	}
}

func (w *world) shards() []int {
	list := make([]int, len(w.own))
	for i := range list {
		list[i] = i
	}
	return list
}

// isCut tells whether somebody who knows so much knows all that was known to those whose versions it knows.
func (w *world) isCut(known versions) bool {
	for shard, version := range known {
		for other, needed := range w.based[shard][version] {
			if known[other] < needed {
				return false
			}
		}
	}
	return true
}

// said is the value that a view has, as JSON.
func said(view crdt.View) string { return string(view.AppendJSON(nil)) }

// meant is the value that the twin has, as JSON.
func (w *world) meant(known versions) string {
	b, err := json.Marshal(map[string]any{"value": w.value(w.kind, nil, w.known(known))})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// agrees holds a reader that knows a cut against the twin.
func (w *world) agrees(t *rapid.T, r *reader) {
	if w.isCut(r.known) {
		require.JSONEq(t, w.meant(r.known), said(r.view), "%s, knowing %v", w.kind, r.known)
	}
}

func (w *world) String() string {
	var b strings.Builder
	for _, d := range w.deeds {
		fmt.Fprintf(&b, "%d@%d %v seeing %v\n", d.shard, d.version, d.change, d.seen)
	}
	return b.String()
}

// play lets some things happen.
func (w *world) play(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"change":  func(t *rapid.T) { w.change(t, w.drawShard(t), w.drawChange(t)) },
		"change2": func(t *rapid.T) { w.change(t, w.drawShard(t), w.drawChange(t)) },
		"aborted": func(t *rapid.T) {
			shard := w.drawShard(t)
			_, err := w.own[shard].Apply(w.drawChange(t).operation(), w.readers[shard].view)
			require.NoError(t, err)
		},
		"race":    w.race,
		"publish": func(t *rapid.T) { w.publish(t, w.drawShard(t)) },
		"hear": func(t *rapid.T) {
			if of := w.published[w.drawShard(t)]; len(of) > 0 {
				w.hear(t, w.drawReader(t), rapid.SampledFrom(of).Draw(t, "contribution"))
			}
		},
		"newest": func(t *rapid.T) {
			if of := w.published[w.drawShard(t)]; len(of) > 0 {
				w.hear(t, w.drawReader(t), of[len(of)-1])
			}
		},
		"all": func(t *rapid.T) {
			r := w.drawReader(t)
			for shard := range w.own {
				w.publish(t, shard)
				w.hear(t, r, w.published[shard][len(w.published[shard])-1])
			}
		},
		"meet": func(t *rapid.T) { w.meet(t, w.drawReader(t), w.drawReader(t)) },
		"tidy": func(t *rapid.T) { w.tidy(t, w.drawShard(t)) },
	})
}

package crdt_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/partita-io/partita/crdt"
)

// A change is an operation as the twin understands it.
type change struct {
	verb  string
	path  []string
	key   string
	n     int64
	nowMS int64
}

func text(s string) crdt.Scalar {
	scalar, err := crdt.Text(s)
	if err != nil {
		panic(err)
	}
	return scalar
}

func (c change) operation() crdt.Operation {
	return map[string]crdt.Operation{
		"increment": crdt.Increment(c.n),
		"enable":    crdt.Enable(),
		"disable":   crdt.Disable(),
		"assign":    crdt.Assign(crdt.Int(c.n), c.nowMS),
		"write":     crdt.Assign(crdt.Int(c.n), c.nowMS),
		"add":       crdt.Add(text(c.key)),
		"remove":    crdt.Remove(text(c.key)),
		"clear":     crdt.Clear(),
		"delete":    crdt.Delete(c.key),
		"cast":      crdt.Cast(c.key, c.n > 0, c.nowMS),
	}[c.verb].At(c.path...)
}

// versions are the newest ones that somebody knows, by shard.
type versions map[int32]uint64

func (v versions) learn(other versions) {
	for shard, version := range other {
		v[shard] = max(v[shard], version)
	}
}

// A deed is a change that was made: by whom, and what of the others' deeds its maker had seen.
type deed struct {
	change
	shard     int32
	version   uint64
	seen      versions
	ms, count uint64
}

func (d *deed) saw(other *deed) bool {
	if d.shard == other.shard {
		return other.version < d.version
	}
	return other.version <= d.seen[other.shard]
}

func (d *deed) adds() bool {
	return slices.Contains([]string{"increment", "enable", "assign", "write", "add", "cast"}, d.verb)
}

// A twin is what a replicated value means: the list of all deeds. It merges nothing; it looks at everything each time.
type twin struct{ deeds []*deed }

func (w *twin) known(known versions) []*deed {
	var list []*deed
	for _, d := range w.deeds {
		if d.version <= known[d.shard] {
			list = append(list, d)
		}
	}
	return list
}

func begins(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// standing is how many of the keys around an addition have not been deleted since.
func standing(added *deed, known []*deed) int {
	n := len(added.path)
	for _, d := range known {
		if !d.saw(added) {
			continue
		}
		if d.verb == "delete" && begins(added.path, append(slices.Clone(d.path), d.key)) {
			n = min(n, len(d.path))
		}
		if d.verb == "clear" && begins(added.path, d.path) && len(added.path) > len(d.path) {
			n = min(n, len(d.path))
		}
	}
	return n
}

// undone tells whether somebody who had seen an addition has taken it back, the keys around it aside.
func undone(added *deed, known []*deed) bool {
	return slices.ContainsFunc(known, func(d *deed) bool {
		if !d.saw(added) || !slices.Equal(d.path, added.path) {
			return false
		}
		switch added.verb {
		case "enable":
			return d.verb == "disable"
		case "assign":
			return d.verb == "assign"
		case "add":
			return d.verb == "clear" || d.verb == "remove" && d.key == added.key
		}
		return false
	})
}

// alive are the additions at a path that count.
func alive(path []string, known []*deed) []*deed {
	var list []*deed
	for _, d := range known {
		if d.adds() && slices.Equal(d.path, path) && standing(d, known) == len(path) && !undone(d, known) {
			list = append(list, d)
		}
	}
	return list
}

func (d *deed) beats(other *deed) bool {
	switch {
	case other == nil || d.ms != other.ms:
		return other == nil || d.ms > other.ms
	case d.count != other.count:
		return d.count > other.count
	}
	return d.shard > other.shard || d.shard == other.shard && d.version > other.version
}

// value is what somebody has who knows so much.
func (w *twin) value(kind string, path []string, known []*deed) any {
	if of, ok := strings.CutPrefix(kind, "map of "); ok {
		below := map[string]any{}
		for _, key := range keysBelow(path, known) {
			below[key] = w.value(of, append(slices.Clone(path), key), known)
		}
		return below
	}
	counted := alive(path, known)
	last := map[string]*deed{}
	keys := map[string]bool{}
	numbers := map[int64]bool{}
	sum := int64(0)
	for _, d := range counted {
		if d.beats(last[d.key]) {
			last[d.key] = d
		}
		keys[d.key], numbers[d.n] = true, true
		sum += d.n
	}
	switch kind {
	case "counter", "grow-counter":
		return sum
	case "flag":
		return len(counted) > 0
	case "set", "grow-set":
		return append([]string{}, slices.Sorted(maps.Keys(keys))...)
	case "multi-register":
		return append([]int64{}, slices.Sorted(maps.Keys(numbers))...)
	case "vote":
		yes := 0
		for _, d := range last {
			if d.n > 0 {
				yes++
			}
		}
		return map[string]any{"yes": yes, "of": len(last)}
	}
	if last[""] == nil {
		return nil
	}
	return last[""].n
}

// keysBelow are the keys of the map at a path.
func keysBelow(path []string, known []*deed) []string {
	keys := map[string]bool{}
	for _, d := range known {
		if d.adds() && len(d.path) > len(path) && begins(d.path, path) && standing(d, known) > len(path) {
			keys[d.path[len(path)]] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

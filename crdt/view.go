package crdt

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// A View is what somebody has come to know of a replicated value: the newest contribution of each shard, and the removals that may still take something
// of them. It is immutable; the zero View is of no type. Merging views, and contributions with them, is associative, commutative and idempotent.
type View struct {
	typ Type
	// parts are ascending by shard.
	parts []part
}

// A part is what is known of one shard's part of a value, or of what stands in it under a key.
type part struct {
	shard int32
	// version is that of the contribution, 0 when only removals are known yet: then there is no entry.
	version uint64
	entry   entry
	removal *removal
	// upTo is the version up to which removals of what is above take everything here.
	upTo uint64
}

// Fold is the view of somebody who has come to know the contributions, in any order, of any age and as often as they come. It fails if one is of
// another type.
func Fold(t Type, contributions ...Contribution) (View, error) {
	v := View{typ: t, parts: make([]part, 0, len(contributions))}
	for _, c := range contributions {
		if err := v.take(c); err != nil {
			return View{typ: t}, err
		}
	}
	return v, nil
}

// With is the view of somebody who has come to know one more contribution.
func (v View) With(c Contribution) (View, error) {
	before := v
	v.parts = slices.Clone(v.parts)
	if err := v.take(c); err != nil {
		return before, err
	}
	return v, nil
}

// Merge is the view of somebody who has come to know what two views have.
func (v View) Merge(other View) (View, error) {
	if err := other.isOf(v.typ); err != nil {
		return v, err
	}
	v.parts = slices.Clone(v.parts)
	for _, theirs := range other.parts {
		ours := v.at(theirs.shard)
		ours.learn(theirs.version, theirs.entry)
		ours.lose(theirs.removal)
	}
	return v, nil
}

// Type is that of the value.
func (v View) Type() Type { return v.typ }

func (v View) isOf(t Type) error {
	if v.typ != t {
		return fmt.Errorf("a view of a %s, where a %s is declared", v.typ, t)
	}
	return nil
}

// take changes the view, whose parts nobody else has.
func (v *View) take(c Contribution) error {
	if c.typ != v.typ {
		return fmt.Errorf("the contribution of shard %d is to a %s, where a %s is declared; a value keeps its type, give the new one another name",
			c.shard, c.typ, v.typ)
	}
	v.at(c.shard).learn(c.version, c.root)
	for _, o := range c.removals {
		v.at(o.shard).lose(o.removal)
	}
	return nil
}

// at is the part of a shard, made if there is none. It is valid until the next call.
func (v *View) at(shard int32) *part {
	i, ok := v.find(shard)
	if !ok {
		v.parts = slices.Insert(v.parts, i, part{shard: shard})
	}
	return &v.parts[i]
}

// part is what is known of a shard, which may be nothing.
func (v View) part(shard int32) part {
	if i, ok := v.find(shard); ok {
		return v.parts[i]
	}
	return part{shard: shard}
}

func (v View) find(shard int32) (int, bool) {
	return slices.BinarySearchFunc(v.parts, shard, func(p part, shard int32) int { return cmp.Compare(p.shard, shard) })
}

// learn keeps the newer of two versions, and of the removals what may still take something of it.
func (p *part) learn(version uint64, e entry) {
	if version > p.version {
		p.version, p.entry = version, e
		p.removal = p.needed(p.removal)
	}
}

func (p *part) lose(r *removal) { p.removal = p.removal.joined(p.needed(r)) }

// needed is as much of a removal as may still take something of the whole part.
func (p *part) needed(r *removal) *removal { return r.needed(p.version, p.entry, p.version > 0) }

// entries are none if nothing is known yet.
func (p part) entries() keyed {
	k, _ := p.entry.content.(keyed)
	return k
}

// below is what is alive under a key.
func (p part) below(key string) (part, bool) {
	e, ok := p.entries().get(key)
	if !ok {
		return part{}, false
	}
	return p.of(key, e)
}

// of is what an entry under a key is, and whether it is alive.
func (p part) of(key string, e entry) (part, bool) {
	r := p.removal.under(key)
	upTo := max(p.upTo, r.entryUpTo())
	return part{shard: p.shard, version: p.version, entry: e, removal: r, upTo: upTo}, e.version > upTo
}

// alive goes through what is alive under the keys, in their order.
func (p part) alive() iter.Seq2[string, part] {
	return func(yield func(string, part) bool) {
		for key, e := range p.entries().all() {
			if below, ok := p.of(key, e); ok && !yield(key, below) {
				return
			}
		}
	}
}

// down is what is alive at a path.
func (p part) down(path []string) (part, bool) {
	for _, key := range path {
		var alive bool
		if p, alive = p.below(key); !alive {
			return part{}, false
		}
	}
	return p, true
}

// belowAll is what is alive under a key of any of the parts.
func belowAll(parts []part, key string) []part {
	var below []part
	for _, p := range parts {
		if p, ok := p.below(key); ok {
			below = append(below, p)
		}
	}
	return below
}

// holds tells whether the value of a flag or multi-register is there.
func (p part) holds() bool {
	return p.entry.version > p.removal.valueUpTo() && p.entry.content.holds()
}

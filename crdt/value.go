package crdt

import (
	"iter"
	"math/big"
	"slices"
)

// At is the view of what stands under a key of a map; with several keys, in maps inside each other, the outermost first. Where there is nothing it
// is a view of nothing.
func (v View) At(keys ...string) View {
	for _, key := range keys {
		if v.typ.Kind() != Map {
			return View{}
		}
		v = View{typ: v.typ.Of(), parts: belowAll(v.parts, keyText(key))}
	}
	return v
}

// Count is the value of a counter; 0 for anything else.
func (v View) Count() *big.Int {
	sum, n := new(big.Int), new(big.Int)
	for _, p := range v.parts {
		if c, ok := p.entry.content.(counter); ok {
			c = c.from(p.removal)
			sum.Add(sum, n.SetInt64(c.total))
			sum.Sub(sum, n.SetInt64(c.base))
		}
	}
	return sum
}

// Enabled tells whether a flag is enabled; false for anything else.
func (v View) Enabled() bool {
	return v.typ.Kind() == Flag && slices.ContainsFunc(v.parts, part.holds)
}

// Value is that of a register, and whether one was ever assigned.
func (v View) Value() (Scalar, bool) {
	last := register{}
	// Parts are ascending by shard, so of equal stamps the highest shard's stays.
	for _, p := range v.parts {
		if r, ok := p.entry.content.(register); ok && r.value != "" && r.stamp.compare(last.stamp) >= 0 {
			last = r
		}
	}
	return Scalar{last.value}, last.value != ""
}

// Values are those of a multi-register, or the elements of a set or grow-set, ascending by their JSON text; none for anything else.
func (v View) Values() []Scalar {
	//exhaustive:ignore
	switch v.typ.Kind() {
	case MultiRegister:
		var texts []string
		for _, p := range v.parts {
			if p.holds() {
				texts = append(texts, string(p.entry.content.(sibling)))
			}
		}
		slices.Sort(texts)
		return scalars(slices.Compact(texts))
	case Set, GrowSet:
		return scalars(v.keys())
	}
	return nil
}

// Contains tells whether a set or grow-set has an element.
func (v View) Contains(element Scalar) bool {
	return (v.typ.Kind() == Set || v.typ.Kind() == GrowSet) && len(belowAll(v.parts, element.json)) > 0
}

// Keys are those of a map, ascending by their JSON text; none for anything else.
func (v View) Keys() []string {
	if v.typ.Kind() != Map {
		return nil
	}
	keys := v.keys()
	for i, key := range keys {
		keys[i], _ = Scalar{key}.Text()
	}
	return keys
}

// Has tells whether a map has a key.
func (v View) Has(key string) bool {
	return v.typ.Kind() == Map && len(belowAll(v.parts, keyText(key))) > 0
}

// Tally is how many voters say yes, and how many have voted.
func (v View) Tally() (yes, of int) {
	if v.typ.Kind() != Vote {
		return 0, 0
	}
	for _, parts := range v.branches() {
		if said, _ := (View{typ: Type{leaf: Register}, parts: parts}).Value(); said == True {
			yes++
		}
		of++
	}
	return yes, of
}

func scalars(texts []string) []Scalar {
	list := make([]Scalar, len(texts))
	for i, text := range texts {
		list[i] = Scalar{text}
	}
	return list
}

// branches are what is alive under each key of a map or vote, of all shards, ascending by key.
func (v View) branches() iter.Seq2[string, []part] {
	return func(yield func(string, []part) bool) {
		for _, key := range v.keys() {
			if !yield(key, belowAll(v.parts, key)) {
				return
			}
		}
	}
}

func (v View) keys() []string {
	var keys []string
	for _, p := range v.parts {
		for key := range p.alive() {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

package crdt

import (
	"encoding/binary"
	"iter"
)

// A removal says what has been taken from one shard's part of a value, at one place and by key below it: all that the remover had seen there, as
// of a version of the owner. nil takes nothing. Removals are immutable, and joining them is a union.
type removal struct {
	// upTo is the owner's version up to which everything here and below is gone; 0 for nothing.
	upTo uint64
	// total is what a counter here had counted at upTo.
	total int64
	// value is the version up to which the value of a flag or multi-register is gone, while its entry stays.
	value uint64
	keys  tree[*removal]
}

func (r *removal) entryUpTo() uint64 {
	if r == nil {
		return 0
	}
	return r.upTo
}

func (r *removal) valueUpTo() uint64 {
	if r == nil {
		return 0
	}
	return r.value
}

// under is what is taken below a key.
func (r *removal) under(key string) *removal {
	if r == nil {
		return nil
	}
	below, _ := r.keys.get(key)
	return below
}

func (r *removal) below() iter.Seq2[string, *removal] {
	if r == nil {
		return func(func(string, *removal) bool) {}
	}
	return r.keys.all()
}

// at is the removal as one of something further up, which leads to it by the keys of path.
func (r *removal) at(path []string) *removal {
	for i := len(path) - 1; i >= 0; i-- {
		r = &removal{keys: tree[*removal]{}.put(path[i], r)}
	}
	return r
}

// joined takes what either takes. It is r itself if that takes all.
func (r *removal) joined(other *removal) *removal {
	if r == nil || other == nil || r == other {
		if r == nil {
			return other
		}
		return r
	}
	both := *r
	if other.upTo > r.upTo {
		both.upTo, both.total = other.upTo, other.total
	}
	both.value = max(r.value, other.value)
	for key, theirs := range other.keys.all() {
		ours, _ := r.keys.get(key)
		if joined := ours.joined(theirs); joined != ours {
			both.keys = both.keys.put(key, joined)
		}
	}
	if both == *r {
		return r
	}
	return &both
}

// needed is as much of the removal as may still take something: what goes beyond the owner's known version, and what the owner still has at
// that version. It is r itself if that is all, and nil if it is nothing. e is what the owner has at this place; has is false if there is nothing.
func (r *removal) needed(version uint64, e entry, has bool) *removal {
	if r == nil {
		return nil
	}
	rest := *r
	if r.upTo > 0 && r.upTo <= version && (!has || !e.reached(r.upTo)) {
		rest.upTo, rest.total = 0, 0
	}
	if r.value <= version && (!has || e.version > r.value || !e.content.holds()) {
		rest.value = 0
	}
	entries, _ := e.content.(keyed)
	for key, below := range r.keys.all() {
		inner, ok := entries.get(key)
		switch still := below.needed(version, inner, ok); {
		case still == nil:
			rest.keys = rest.keys.drop(key)
		case still != below:
			rest.keys = rest.keys.put(key, still)
		}
	}
	switch rest {
	case *r:
		return r
	case removal{}:
		return nil
	}
	return &rest
}

// What a removal's first byte says it has.
const (
	removesEntry = 1 << iota
	removesTotal
	removesValue
	removesKeys
)

func (r *removal) parts() byte {
	var parts byte
	if r.upTo != 0 {
		parts |= removesEntry
	}
	if r.total != 0 {
		parts |= removesTotal
	}
	if r.value != 0 {
		parts |= removesValue
	}
	if r.keys.len() != 0 {
		parts |= removesKeys
	}
	return parts
}

func (r *removal) size() int {
	n := 1
	if r.upTo != 0 {
		n += uvarintSize(r.upTo)
	}
	if r.total != 0 {
		n += varintSize(r.total)
	}
	if r.value != 0 {
		n += uvarintSize(r.value)
	}
	if r.keys.len() != 0 {
		n += r.keys.size()
	}
	return n
}

func (r *removal) append(dst []byte) []byte {
	dst = append(dst, r.parts())
	if r.upTo != 0 {
		dst = binary.AppendUvarint(dst, r.upTo)
	}
	if r.total != 0 {
		dst = binary.AppendVarint(dst, r.total)
	}
	if r.value != 0 {
		dst = binary.AppendUvarint(dst, r.value)
	}
	if r.keys.len() != 0 {
		dst = binary.AppendUvarint(dst, uint64(r.keys.len()))
		for key, below := range r.keys.all() {
			dst = below.append(appendBytes(dst, key))
		}
	}
	return dst
}

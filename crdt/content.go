package crdt

import (
	"encoding/binary"
	"fmt"
	"math"
)

// An entry is what one shard has added under one key, or as the whole of its contribution.
type entry struct {
	// version is that of the shard when it last added something here or further down. It is the entry's dot.
	version uint64
	content content
}

// A content is what an entry has by its kind: nothing, a counter, a flag, a register, one value of a multi-register, or further entries.
type content interface {
	sized
	append(dst []byte) []byte
	// less is what a removal leaves of a content whose entry stays: upTo is how far removals of the entry go, version the entry's.
	less(r *removal, upTo, version uint64) content
	// holds tells whether there is a value that goes when the value alone, and not its entry, is removed.
	holds() bool
	// reached tells whether a removal up to there takes something from a content whose entry stays.
	reached(upTo uint64) bool
	// within is the removal of all this as part of the removal of an entry, nil if upTo says everything.
	within(upTo uint64) *removal
}

// startOf is the content of a type before anything is added at the version.
func startOf(t Type, version uint64) content {
	if _, ok := t.entries(); ok {
		return keyed{}
	}
	//exhaustive:ignore
	switch t.leaf {
	case Counter, GrowCounter:
		return counter{since: version - 1}
	case Flag:
		return flag(false)
	case Register:
		return register{}
	case MultiRegister:
		return sibling("")
	}
	return empty{}
}

func (e entry) size() int { return uvarintSize(e.version) + e.content.size() }

func (e entry) append(dst []byte) []byte {
	return e.content.append(binary.AppendUvarint(dst, e.version))
}

// less is what a removal leaves of the entry, and whether the entry stays. The removal of what is above goes up to upTo.
func (e entry) less(r *removal, upTo uint64) (entry, bool) {
	upTo = max(upTo, r.entryUpTo())
	if e.version <= upTo {
		return entry{}, false
	}
	e.content = e.content.less(r, upTo, e.version)
	return e, true
}

func (e entry) reached(upTo uint64) bool { return e.version <= upTo || e.content.reached(upTo) }

// removed is the removal of the entry as it is, with all below.
func (e entry) removed() *removal {
	r := &removal{upTo: e.version}
	if inner := e.content.within(e.version); inner != nil {
		r.total, r.keys = inner.total, inner.keys
	}
	return r
}

// empty is the content of an element of a set.
type empty struct{}

func (empty) size() int                             { return 0 }
func (empty) append(dst []byte) []byte              { return dst }
func (empty) less(*removal, uint64, uint64) content { return empty{} }
func (empty) holds() bool                           { return false }
func (empty) reached(uint64) bool                   { return false }
func (empty) within(uint64) *removal                { return nil }

// A counter is a sum of increments. Those after version since count: total less base. What came before was removed with the key, or is of
// another counter that stood under it.
type counter struct {
	since       uint64
	base, total int64
}

func (c counter) size() int {
	return uvarintSize(c.since) + varintSize(c.base) + varintSize(c.total)
}

func (c counter) append(dst []byte) []byte {
	return binary.AppendVarint(binary.AppendVarint(binary.AppendUvarint(dst, c.since), c.base), c.total)
}

func (c counter) less(r *removal, _, _ uint64) content { return c.from(r) }

// from starts the counter behind what the removal had seen of it. If the counter begins later, the removal was about another one before it.
func (c counter) from(r *removal) counter {
	if upTo := r.entryUpTo(); upTo > c.since {
		return counter{since: upTo, base: r.total, total: c.total}
	}
	return c
}

func (counter) holds() bool                   { return false }
func (c counter) reached(upTo uint64) bool    { return c.since < upTo }
func (c counter) within(upTo uint64) *removal { return &removal{upTo: upTo, total: c.total} }

func (c counter) plus(n int64) (content, error) {
	if n > 0 && c.total > math.MaxInt64-n || n < 0 && c.total < math.MinInt64-n {
		return nil, fmt.Errorf("%w: this shard has counted %d, and %d more is beyond 64 bits", ErrOutOfRange, c.total, n)
	}
	c.total += n
	return c, nil
}

// A flag is enabled as of its entry's version, or not.
type flag bool

func (flag) size() int { return 1 }

func (f flag) append(dst []byte) []byte {
	if f {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func (f flag) less(r *removal, _, version uint64) content { return f && flag(version > r.valueUpTo()) }
func (f flag) holds() bool                                { return bool(f) }
func (flag) reached(uint64) bool                          { return false }
func (flag) within(uint64) *removal                       { return nil }

// A register is the shard's last write; without a value there was none.
type register struct {
	stamp stamp
	value string
}

func (r register) size() int {
	if r.value == "" {
		return 1
	}
	return 1 + uvarintSize(r.stamp.ms) + uvarintSize(r.stamp.count) + textSize(r.value)
}

func (r register) append(dst []byte) []byte {
	if r.value == "" {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(append(dst, 1), r.stamp.ms)
	return appendBytes(binary.AppendUvarint(dst, r.stamp.count), r.value)
}

func (r register) less(*removal, uint64, uint64) content { return r }
func (register) holds() bool                             { return false }
func (register) reached(uint64) bool                     { return false }
func (register) within(uint64) *removal                  { return nil }

// A sibling is the shard's value of a multi-register as of its entry's version; empty if it has none.
type sibling string

func (s sibling) size() int {
	if s == "" {
		return 1
	}
	return 1 + textSize(string(s))
}

func (s sibling) append(dst []byte) []byte {
	if s == "" {
		return append(dst, 0)
	}
	return appendBytes(append(dst, 1), string(s))
}

func (s sibling) less(r *removal, _, version uint64) content {
	if version <= r.valueUpTo() {
		return sibling("")
	}
	return s
}

func (s sibling) holds() bool          { return s != "" }
func (sibling) reached(uint64) bool    { return false }
func (sibling) within(uint64) *removal { return nil }

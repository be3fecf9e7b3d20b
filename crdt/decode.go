package crdt

import (
	"errors"
	"fmt"
	"math"
)

var (
	errCut       = errors.New("contribution: it ends in the middle")
	errMalformed = errors.New("contribution: its bytes are not what a contribution of its type has")
)

// Parse reads what [Contribution.Append] writes, and nothing else: whatever is read is written again as the same bytes. It takes some twenty times as
// much memory as b has bytes, at most.
func Parse(b []byte) (Contribution, error) {
	if len(b) == 0 {
		return Contribution{}, errCut
	}
	if b[0] != contributionFormat {
		return Contribution{}, fmt.Errorf("contribution of format %d: this version reads format %d; run the version that wrote it, or a newer one",
			b[0], contributionFormat)
	}
	// Texts are parts of one copy.
	r := reader{rest: string(b[1:])}
	c := Contribution{typ: r.typ()}
	if r.err != nil {
		return Contribution{}, r.err
	}
	c.shard = r.shard()
	c.version = r.number()
	r.newest = c.version
	c.root = r.root(c.typ)
	c.removals = r.removals(c.typ, c.shard)
	if r.rest != "" {
		r.fail(errMalformed)
	}
	if r.err != nil {
		return Contribution{}, r.err
	}
	return c, nil
}

// A reader takes values off the front of bytes; after the first that is not there or not allowed it has failed for good.
type reader struct {
	rest string
	// newest is the contribution's version: nothing in it is newer.
	newest uint64
	err    error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = ""
}

func (r *reader) byte() byte {
	if r.rest == "" {
		r.fail(errCut)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// unsigned reads a number in the fewest bytes that it can have.
func (r *reader) unsigned() uint64 {
	var n uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if shift == 63 && b > 1 || shift > 0 && b == 0 {
			r.fail(errMalformed)
		}
		if r.err != nil {
			return 0
		}
		n |= uint64(b&0x7F) << shift
		if b < 0x80 {
			return n
		}
	}
}

func (r *reader) signed() int64 {
	n := r.unsigned()
	return int64(n>>1) ^ -int64(n&1)
}

// number reads one that is at most that of an int64.
func (r *reader) number() uint64 {
	n := r.unsigned()
	if n > maxNumber {
		r.fail(errMalformed)
	}
	return n
}

func (r *reader) shard() int32 {
	n := r.unsigned()
	if n > math.MaxInt32 {
		r.fail(errMalformed)
		return 0
	}
	return int32(n)
}

// count reads how many follow, each of at least so many bytes: more than the bytes can hold are not believed.
func (r *reader) count(minBytes int) int {
	n := r.unsigned()
	if n > uint64(len(r.rest)/minBytes) {
		r.fail(errCut)
		return 0
	}
	return int(n)
}

// scalar reads the canonical text of one.
func (r *reader) scalar() string {
	n := r.count(1)
	text := r.rest[:n]
	r.rest = r.rest[n:]
	if r.err == nil && !isCanonical(text) {
		r.fail(errMalformed)
	}
	return text
}

// key reads the next key of entries of a type.
func (r *reader) key(t Type, before string) string {
	key := r.scalar()
	if r.err == nil && (key <= before || t.Kind() != Set && t.Kind() != GrowSet && key[0] != '"') {
		r.fail(errMalformed)
	}
	return key
}

func (r *reader) typ() Type {
	t := Type{maps: r.byte(), leaf: Kind(r.byte())}
	if r.err == nil && (t.maps > MaxDepth || t.leaf == nothing || t.leaf >= Map) {
		r.fail(fmt.Errorf("contribution to a type (%d, %d) that this version does not know; run the version that wrote it, or a newer one", t.maps, t.leaf))
	}
	return t
}

func (r *reader) root(t Type) entry {
	e := entry{version: r.number()}
	if e.version > r.newest {
		r.fail(errMalformed)
	}
	e.content = r.content(t, e.version)
	return e
}

func (r *reader) content(t Type, version uint64) content {
	if below, ok := t.entries(); ok {
		return r.entries(t, below, version)
	}
	//exhaustive:ignore
	switch t.leaf {
	case Counter, GrowCounter:
		c := counter{since: r.number(), base: r.signed(), total: r.signed()}
		if c.since > version {
			r.fail(errMalformed)
		}
		return c
	case Flag:
		return flag(r.yes())
	case Register:
		if r.yes() {
			return register{stamp: stamp{ms: r.number(), count: r.number()}, value: r.scalar()}
		}
		return register{}
	case MultiRegister:
		if r.yes() {
			return sibling(r.scalar())
		}
		return sibling("")
	}
	return empty{}
}

// yes reads 0 or 1.
func (r *reader) yes() bool {
	b := r.byte()
	if b > 1 {
		r.fail(errMalformed)
	}
	return b == 1
}

// minEntryBytes: a length, a text of a byte, a version.
const minEntryBytes = 3

func (r *reader) entries(t, below Type, version uint64) content {
	n := r.count(minEntryBytes)
	items := make([]item[entry], 0, n)
	before := ""
	for range n {
		key := r.key(t, before)
		e := entry{version: r.number()}
		if e.version == 0 || e.version > version {
			r.fail(errMalformed)
		}
		e.content = r.content(below, e.version)
		if t.Kind() == Vote && !isBallot(e.content) {
			r.fail(errMalformed)
		}
		if r.err != nil {
			return keyed{}
		}
		items = append(items, item[entry]{key, e})
		before = key
	}
	return keyed{grown(items)}
}

func isBallot(c content) bool {
	r, _ := c.(register)
	return r.value == True.json || r.value == False.json
}

// minOwnedBytes: a shard, what the removal has, something of it.
const minOwnedBytes = 3

func (r *reader) removals(t Type, own int32) []owned {
	n := r.count(minOwnedBytes)
	list := make([]owned, 0, n)
	for i := range n {
		o := owned{shard: r.shard()}
		if o.shard == own || i > 0 && o.shard <= list[i-1].shard {
			r.fail(errMalformed)
		}
		o.removal = r.removal(t)
		if r.err == nil && o.removal.upTo > 0 {
			// The whole of a value is never removed.
			r.fail(errMalformed)
		}
		if r.err != nil {
			return nil
		}
		list = append(list, o)
	}
	return list
}

// minRemovalBytes: a length, a text of a byte, what the removal has, something of it.
const minRemovalBytes = 4

// removal reads one of something of a type.
func (r *reader) removal(t Type) *removal {
	parts := r.byte()
	if parts == 0 || parts&^removable(t) != 0 {
		r.fail(errMalformed)
	}
	read := &removal{}
	if parts&removesEntry != 0 {
		read.upTo = r.number()
	}
	if parts&removesTotal != 0 {
		read.total = r.signed()
	}
	if parts&removesValue != 0 {
		read.value = r.number()
	}
	if parts&removesKeys != 0 {
		read.keys = r.removedKeys(t)
	}
	if r.err == nil && (parts != read.parts() || read.total != 0 && read.upTo == 0) {
		r.fail(errMalformed)
	}
	return read
}

// removable is what a removal of something of a type can have.
func removable(t Type) byte {
	switch t.Kind() {
	case Counter, GrowCounter:
		return removesEntry | removesTotal
	case Flag, MultiRegister:
		return removesEntry | removesValue
	case Set, Map:
		return removesEntry | removesKeys
	case nothing, Register, GrowSet, Vote:
		return removesEntry
	}
	return 0
}

func (r *reader) removedKeys(t Type) tree[*removal] {
	below, _ := t.entries()
	n := r.count(minRemovalBytes)
	items := make([]item[*removal], 0, n)
	before := ""
	for range n {
		key := r.key(t, before)
		read := r.removal(below)
		if r.err != nil {
			return tree[*removal]{}
		}
		items = append(items, item[*removal]{key, read})
		before = key
	}
	return grown(items)
}

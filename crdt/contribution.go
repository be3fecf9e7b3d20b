package crdt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrTooLarge is that a contribution has outgrown its limit.
var ErrTooLarge = errors.New("too large")

// ErrOutOfRange is that a number cannot be counted further.
var ErrOutOfRange = errors.New("out of range")

// A Contribution is one shard's own part of a replicated value. It is immutable; the zero Contribution is of no type.
type Contribution struct {
	typ   Type
	shard int32
	// version counts the changes; 0 before the first.
	version uint64
	root    entry
	// removals are what the shard has taken from others, ascending by shard.
	removals []owned
}

// An owned removal says whose additions it takes.
type owned struct {
	shard   int32
	removal *removal
}

// New is the contribution of a shard, 0 or more, that has not changed the value yet.
func New(t Type, shard int32) Contribution {
	return Contribution{typ: t, shard: shard, root: entry{content: startOf(t, 1)}}
}

// Type is that of the value.
func (c Contribution) Type() Type { return c.typ }

// Shard is whose contribution it is.
func (c Contribution) Shard() int32 { return c.shard }

// Version tells which of two contributions of a shard is the newer one. An operation that changes nothing, as the removal of what is not there,
// leaves it as it was: then there is nothing to write.
func (c Contribution) Version() uint64 { return c.version }

// Within is an [ErrTooLarge] if the contribution takes more bytes than limit.
func (c Contribution) Within(limit int) error {
	if size := c.Size(); size > limit {
		return fmt.Errorf("%w: this shard's part of the %s would take %d bytes, the limit is %d; remove something, or spread it over several values",
			ErrTooLarge, c.typ, size, limit)
	}
	return nil
}

// Tidy applies what others have removed of this shard's additions, and forgets removals whose owners have done so. It is the same contribution if
// there is nothing to do. Once everybody has tidied twice with what everybody has published, only what is alive is left. What it drops may be less
// than the few bytes that its new numbers take: if it is not within the limit then, the contribution before it is as good.
func (c Contribution) Tidy(seen View) (Contribution, error) {
	if err := seen.isOf(c.typ); err != nil {
		return c, err
	}
	return c.changedTo(c.tidied(seen))
}

// tidied is the contribution tidied, with its version as it was.
func (c Contribution) tidied(seen View) Contribution {
	if r := seen.part(c.shard).removal; r != nil {
		c.root.content = c.root.content.less(r, 0, c.root.version)
	}
	if len(c.removals) == 0 {
		return c
	}
	left := make([]owned, 0, len(c.removals))
	for _, o := range c.removals {
		owner := seen.part(o.shard)
		if still := owner.needed(o.removal); still != nil {
			left = append(left, owned{o.shard, still})
		}
	}
	c.removals = left
	return c
}

// changedTo is next under the next version, or c if nothing is different.
func (c Contribution) changedTo(next Contribution) (Contribution, error) {
	if next.root == c.root && slices.Equal(next.removals, c.removals) {
		return c, nil
	}
	if c.version == maxNumber {
		return c, fmt.Errorf("%w: the contribution of shard %d is at its highest version", ErrOutOfRange, c.shard)
	}
	next.version = c.version + 1
	return next, nil
}

// removalOf is what the shard has taken from another one.
func (c Contribution) removalOf(shard int32) *removal {
	if i, ok := c.find(shard); ok {
		return c.removals[i].removal
	}
	return nil
}

func (c Contribution) find(shard int32) (int, bool) {
	return slices.BinarySearchFunc(c.removals, shard, func(o owned, shard int32) int { return cmp.Compare(o.shard, shard) })
}

// taking is the contribution with one more removal.
func (c Contribution) taking(shard int32, r *removal) Contribution {
	i, ok := c.find(shard)
	c.removals = slices.Clone(c.removals)
	if ok {
		c.removals[i].removal = c.removals[i].removal.joined(r)
	} else {
		c.removals = slices.Insert(c.removals, i, owned{shard, r})
	}
	return c
}

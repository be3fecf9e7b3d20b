package crdt

import (
	"fmt"
	"slices"
)

// Dump is all that a view knows, as bytes: views that know the same are the same.
func Dump(v View) string {
	var b []byte
	for _, p := range v.parts {
		b = fmt.Appendf(b, "shard %d version %d", p.shard, p.version)
		if p.version > 0 {
			b = fmt.Appendf(b, ": %x", p.entry.append(nil))
		}
		if p.removal != nil {
			b = fmt.Appendf(b, " less %x", p.removal.append(nil))
		}
		b = append(b, '\n')
	}
	return string(b)
}

// Removals is how many shards a contribution remembers to have taken from.
func Removals(c Contribution) int { return len(c.removals) }

// Entries is how many entries a contribution has under keys, at all depths.
func Entries(c Contribution) int { return entriesOf(c.root) }

func entriesOf(e entry) int {
	n := 0
	if k, ok := e.content.(keyed); ok {
		for _, below := range k.all() {
			n += 1 + entriesOf(below)
		}
	}
	return n
}

// StampOf is that of the shard's write of the register at the keys.
func StampOf(c Contribution, keys ...string) (ms, count uint64) {
	path := slices.Clone(keys)
	for i := range path {
		path[i] = keyText(path[i])
	}
	e, _ := c.root.down(path)
	r, _ := e.content.(register)
	return r.stamp.ms, r.stamp.count
}

// A Tree is the immutable tree of texts and numbers.
type Tree struct{ tree tree[sizedInt] }

type sizedInt int

func (sizedInt) size() int { return 1 }

// Put is the tree with a value.
func (t Tree) Put(key string, value int) Tree { return Tree{t.tree.put(key, sizedInt(value))} }

// Drop is the tree without a key.
func (t Tree) Drop(key string) Tree { return Tree{t.tree.drop(key)} }

// Get is the value of a key.
func (t Tree) Get(key string) (int, bool) {
	v, ok := t.tree.get(key)
	return int(v), ok
}

// Content is all of the tree in its order: keys, values.
func (t Tree) Content() (keys []string, values []int) {
	for key, value := range t.tree.all() {
		keys, values = append(keys, key), append(values, int(value))
	}
	return keys, values
}

// Size is how many bytes the tree says that it takes.
func (t Tree) Size() int { return t.tree.size() }

// Grown is the tree of ascending keys, all with the value 1.
func Grown(keys []string) Tree {
	items := make([]item[sizedInt], len(keys))
	for i, key := range keys {
		items[i] = item[sizedInt]{key, 1}
	}
	return Tree{grown(items)}
}

// Lopsided tells whether one side of any node is too heavy, or a count is wrong.
func (t Tree) Lopsided() bool { return lopsided(t.tree.root) }

func lopsided(n *node[sizedInt]) bool {
	if n == nil {
		return false
	}
	l, r := n.left.weight(), n.right.weight()
	return l > maxRatio*r && l+r > 3 || r > maxRatio*l && l+r > 3 || n.count != l+r-1 || lopsided(n.left) || lopsided(n.right)
}

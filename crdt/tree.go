package crdt

import "iter"

// sized is what tells how many bytes it takes when it is encoded.
type sized interface{ size() int }

// A tree maps texts to values, in the order of the texts. It is immutable: a change shares all but the way to it with what was there before, so the
// state before a transaction costs nothing to keep. It knows how many bytes its entries take, so a limit is held after each change without
// encoding. Weight-balanced, after S. Adams, Efficient sets, JFP 3 (1993), with the parameters that Y. Hirai and K. Yamamoto, JFP 21 (2011),
// have proved right.
type tree[V sized] struct{ root *node[V] }

type node[V sized] struct {
	key         string
	value       V
	left, right *node[V]
	count       int
	// bytes is what all entries from here down take.
	bytes int
}

func (n *node[V]) len() int {
	if n == nil {
		return 0
	}
	return n.count
}

func (n *node[V]) size() int {
	if n == nil {
		return 0
	}
	return n.bytes
}

func joined[V sized](key string, value V, left, right *node[V]) *node[V] {
	return &node[V]{
		key: key, value: value, left: left, right: right,
		count: 1 + left.len() + right.len(),
		bytes: textSize(key) + value.size() + left.size() + right.size(),
	}
}

func (t tree[V]) len() int { return t.root.len() }

func (t tree[V]) get(key string) (V, bool) {
	for n := t.root; n != nil; {
		switch {
		case key < n.key:
			n = n.left
		case key > n.key:
			n = n.right
		default:
			return n.value, true
		}
	}
	var none V
	return none, false
}

// put is the tree with value under key.
func (t tree[V]) put(key string, value V) tree[V] { return tree[V]{t.root.put(key, value)} }

func (n *node[V]) put(key string, value V) *node[V] {
	switch {
	case n == nil:
		return joined(key, value, nil, nil)
	case key < n.key:
		return balanced(n.key, n.value, n.left.put(key, value), n.right)
	case key > n.key:
		return balanced(n.key, n.value, n.left, n.right.put(key, value))
	}
	return joined(key, value, n.left, n.right)
}

// drop is the tree without key: itself if there is none.
func (t tree[V]) drop(key string) tree[V] {
	if _, ok := t.get(key); !ok {
		return t
	}
	return tree[V]{t.root.drop(key)}
}

func (n *node[V]) drop(key string) *node[V] {
	switch {
	case key < n.key:
		return balanced(n.key, n.value, n.left.drop(key), n.right)
	case key > n.key:
		return balanced(n.key, n.value, n.left, n.right.drop(key))
	case n.left == nil:
		return n.right
	case n.right == nil:
		return n.left
	}
	next := n.right
	for next.left != nil {
		next = next.left
	}
	return balanced(next.key, next.value, n.left, n.right.drop(next.key))
}

const (
	// maxRatio is how many times heavier one side may be, singleRatio where one rotation does.
	maxRatio    = 3
	singleRatio = 2
)

func (n *node[V]) weight() int { return n.len() + 1 }

// balanced joins two sides of which one has become heavier or lighter by one.
func balanced[V sized](key string, value V, left, right *node[V]) *node[V] {
	switch {
	case right.weight() > maxRatio*left.weight():
		if right.left.weight() < singleRatio*right.right.weight() {
			return joined(right.key, right.value, joined(key, value, left, right.left), right.right)
		}
		mid := right.left
		return joined(mid.key, mid.value, joined(key, value, left, mid.left), joined(right.key, right.value, mid.right, right.right))
	case left.weight() > maxRatio*right.weight():
		if left.right.weight() < singleRatio*left.left.weight() {
			return joined(left.key, left.value, left.left, joined(key, value, left.right, right))
		}
		mid := left.right
		return joined(mid.key, mid.value, joined(left.key, left.value, left.left, mid.left), joined(key, value, mid.right, right))
	}
	return joined(key, value, left, right)
}

// all goes through the entries in the order of their keys.
func (t tree[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { t.root.each(yield) }
}

func (n *node[V]) each(yield func(string, V) bool) bool {
	return n == nil || n.left.each(yield) && yield(n.key, n.value) && n.right.each(yield)
}

// An item is an entry of a tree that is being built.
type item[V sized] struct {
	key   string
	value V
}

// grown is the tree of items, which are in the order of their keys, each key once.
func grown[V sized](items []item[V]) tree[V] { return tree[V]{grow(items)} }

func grow[V sized](items []item[V]) *node[V] {
	if len(items) == 0 {
		return nil
	}
	mid := len(items) / 2
	return joined(items[mid].key, items[mid].value, grow(items[:mid]), grow(items[mid+1:]))
}

// size is what the tree takes when it is encoded: how many entries, and the entries.
func (t tree[V]) size() int { return uvarintSize(uint64(t.len())) + t.root.size() }

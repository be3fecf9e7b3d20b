// Package lru keeps what was used last, within a number of bytes.
package lru

import "container/list"

// A Cache has values by their keys. Whoever keeps what is decided and not committed yet in it must clear it when that is dropped.
type Cache[V any] struct {
	most, bytes int
	entries     map[string]*list.Element
	// byUse holds *entry[V], the one used last in front.
	byUse *list.List
}

type entry[V any] struct {
	key   string
	value V
	bytes int
}

// New is an empty cache that is trimmed to so many bytes.
func New[V any](most int) *Cache[V] {
	return &Cache[V]{most: most, entries: make(map[string]*list.Element), byUse: list.New()}
}

// Get is the value of a key, and whether there is one.
func (c *Cache[V]) Get(key []byte) (V, bool) {
	e, ok := c.entries[string(key)]
	if !ok {
		var none V
		return none, false
	}
	c.byUse.MoveToFront(e)
	return e.Value.(*entry[V]).value, true
}

// Set gives a key a value, which takes so many bytes beside the key.
func (c *Cache[V]) Set(key string, value V, bytes int) {
	bytes += len(key) + entryOverhead
	if e, ok := c.entries[key]; ok {
		held := e.Value.(*entry[V])
		c.bytes += bytes - held.bytes
		held.value, held.bytes = value, bytes
		c.byUse.MoveToFront(e)
		return
	}
	c.entries[key] = c.byUse.PushFront(&entry[V]{key, value, bytes})
	c.bytes += bytes
}

// entryOverhead is about what an entry takes beside its key and value: in the map and the list.
const entryOverhead = 200

// Bytes is about what the cache takes.
func (c *Cache[V]) Bytes() int { return c.bytes }

// Overflows tells that it is high time to trim.
func (c *Cache[V]) Overflows() bool { return c.bytes > c.most+c.most/4 }

// Trim removes what was not used for longest until the rest is within the bound.
func (c *Cache[V]) Trim() {
	for c.bytes > c.most {
		e := c.byUse.Remove(c.byUse.Back()).(*entry[V])
		delete(c.entries, e.key)
		c.bytes -= e.bytes
	}
}

// Clear forgets everything.
func (c *Cache[V]) Clear() {
	clear(c.entries)
	c.byUse.Init()
	c.bytes = 0
}

// Snug is data for a cache to keep: a copy, if there is room for much more behind it, which would be kept too.
func Snug(data []byte) []byte {
	if cap(data) > 2*len(data) {
		return append(make([]byte, 0, len(data)), data...)
	}
	return data
}

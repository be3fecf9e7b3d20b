package commands

import "container/list"

// A cache keeps the entities that were used last, decoded, within a number of bytes. It holds the newest decided state, committed or not; whoever
// drops what was decided must clear it.
type cache struct {
	most, bytes int
	entries     map[string]*list.Element
	// byUse holds *entity, the one used last in front.
	byUse *list.List
}

func newCache(most int) *cache {
	return &cache{most: most, entries: make(map[string]*list.Element), byUse: list.New()}
}

func (c *cache) get(id []byte) *entity {
	e, ok := c.entries[string(id)]
	if !ok {
		return nil
	}
	c.byUse.MoveToFront(e)
	return e.Value.(*entity)
}

func (c *cache) add(e *entity) {
	c.entries[e.id] = c.byUse.PushFront(e)
	c.grow(e)
}

// grow accounts for an entity whose size has changed.
func (c *cache) grow(e *entity) {
	size := e.approximateBytes()
	c.bytes += size - e.cachedBytes
	e.cachedBytes = size
}

// overflows tells that it is time to decide and trim, although more could be decided together.
func (c *cache) overflows() bool { return c.bytes > c.most+c.most/4 }

// trim removes what was not used for longest. It is called between batches: an entity that is being decided must stay.
func (c *cache) trim() {
	for c.bytes > c.most {
		e := c.byUse.Remove(c.byUse.Back()).(*entity)
		delete(c.entries, e.id)
		c.bytes -= e.cachedBytes
	}
}

func (c *cache) clear() {
	clear(c.entries)
	c.byUse.Init()
	c.bytes = 0
}

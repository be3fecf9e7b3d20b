package crdt

// Apply is the contribution after an operation of somebody who had seen the view, and this contribution. The view may be behind: what it lacks is
// not removed. The contribution is tidied on the way. On an error nothing has changed, and the contribution is given back as it was: the operation
// does not fit the type, or a number would be [ErrOutOfRange].
func (c Contribution) Apply(o Operation, seen View) (Contribution, error) {
	if err := o.Check(c.typ); err != nil {
		return c, err
	}
	if err := seen.isOf(c.typ); err != nil {
		return c, err
	}
	u := update{Operation: o, version: c.version + 1, next: c.tidied(seen), seen: seen, typ: c.typ}
	for range o.path {
		u.typ = u.typ.Of()
	}
	if err := u.apply(); err != nil {
		return c, err
	}
	return c.changedTo(u.next)
}

// An update is an operation at work. Its version is the dot of what it adds.
type update struct {
	Operation
	version uint64
	next    Contribution
	seen    View
	// typ is that of what is at the end of the path.
	typ Type
}

// others are what is alive at the end of the path of other shards, for somebody who has seen this contribution too.
func (u *update) others() []part {
	var alive []part
	for _, p := range u.seen.parts {
		if p.shard == u.next.shard || p.version == 0 {
			continue
		}
		p.lose(u.next.removalOf(p.shard))
		if p, ok := p.down(u.path); ok {
			alive = append(alive, p)
		}
	}
	return alive
}

func (u *update) apply() error {
	switch u.verb {
	case increment:
		return u.change(u.path, func(c content) (content, error) { return c.(counter).plus(u.amount) })
	case enable:
		return u.put(u.path, flag(true))
	case disable:
		u.takeValues()
		u.drop(func(content) content { return flag(false) })
	case assign:
		if u.typ.leaf == MultiRegister {
			u.takeValues()
			return u.put(u.path, sibling(u.value.json))
		}
		return u.write(u.path, u.others())
	case cast:
		return u.write(append(u.path[:len(u.path):len(u.path)], u.key), belowAll(u.others(), u.key))
	case add:
		if u.typ.leaf == GrowSet && len(u.path) == 0 && u.has() {
			return nil
		}
		return u.put(append(u.path[:len(u.path):len(u.path)], u.key), empty{})
	case remove, deleteKey:
		for _, p := range u.others() {
			if below, ok := p.below(u.key); ok {
				u.take(p.shard, below.entry.removed().at([]string{u.key}))
			}
		}
		u.drop(func(c content) content { return keyed{c.(keyed).drop(u.key)} })
	case clearAll:
		for _, p := range u.others() {
			var items []item[*removal]
			for key, below := range p.alive() {
				items = append(items, item[*removal]{key, below.entry.removed()})
			}
			if len(items) > 0 {
				u.take(p.shard, &removal{keys: grown(items)})
			}
		}
		u.drop(func(content) content { return keyed{} })
	}
	return nil
}

// has tells whether anybody is seen to have the element.
func (u *update) has() bool {
	if _, ok := u.next.root.content.(keyed).get(u.key); ok {
		return true
	}
	return len(belowAll(u.others(), u.key)) > 0
}

// write assigns a register later than all writes that were seen.
func (u *update) write(path []string, others []part) error {
	seen := stamp{}
	for _, p := range others {
		seen = later(seen, p.entry.content.(register))
	}
	if own, ok := u.next.root.down(path); ok {
		seen = later(seen, own.content.(register))
	}
	next, err := seen.next(u.timeMS)
	if err != nil {
		return err
	}
	return u.put(path, register{stamp: next, value: u.value.json})
}

func later(seen stamp, r register) stamp {
	if r.value != "" && r.stamp.compare(seen) > 0 {
		return r.stamp
	}
	return seen
}

// put adds a content in the place of the one before.
func (u *update) put(path []string, c content) error {
	return u.change(path, func(content) (content, error) { return c, nil })
}

// change adds something at the path: all entries on the way get the version.
func (u *update) change(path []string, f func(content) (content, error)) error {
	root, err := u.next.root.changed(u.next.typ, path, u.version, f)
	u.next.root = root
	return err
}

func (e entry) changed(t Type, path []string, version uint64, f func(content) (content, error)) (entry, error) {
	if len(path) == 0 {
		c, err := f(e.content)
		return entry{version: version, content: c}, err
	}
	below, _ := t.entries()
	entries := e.content.(keyed)
	inner, ok := entries.get(path[0])
	if !ok {
		inner.content = startOf(below, version)
	}
	inner, err := inner.changed(below, path[1:], version, f)
	if err != nil {
		return e, err
	}
	return entry{version: version, content: keyed{entries.put(path[0], inner)}}, nil
}

// drop takes something of the shard's own away. It adds nothing, so no version on the way changes.
func (u *update) drop(f func(content) content) {
	u.next.root = u.next.root.dropped(u.path, f)
}

func (e entry) dropped(path []string, f func(content) content) entry {
	if len(path) == 0 {
		e.content = f(e.content)
		return e
	}
	entries := e.content.(keyed)
	if inner, ok := entries.get(path[0]); ok {
		if left := inner.dropped(path[1:], f); left != inner {
			e.content = keyed{entries.put(path[0], left)}
		}
	}
	return e
}

// takeValues removes the values that others are seen to have, and leaves their entries.
func (u *update) takeValues() {
	for _, p := range u.others() {
		if p.holds() {
			u.take(p.shard, &removal{value: p.entry.version})
		}
	}
}

// take removes something of another shard, at the path.
func (u *update) take(shard int32, r *removal) {
	u.next = u.next.taking(shard, r.at(u.path))
}

// down is the entry at a path.
func (e entry) down(path []string) (entry, bool) {
	for _, key := range path {
		var ok bool
		if e, ok = e.content.(keyed).get(key); !ok {
			return entry{}, false
		}
	}
	return e, true
}

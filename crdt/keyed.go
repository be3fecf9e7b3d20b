package crdt

import "encoding/binary"

// keyed are the entries of a map, a set or a vote.
type keyed struct{ tree[entry] }

func (k keyed) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(k.len()))
	for key, e := range k.all() {
		dst = e.append(appendBytes(dst, key))
	}
	return dst
}

func (k keyed) less(r *removal, upTo, _ uint64) content {
	if upTo == 0 {
		// Only what the removal names can go.
		for key, below := range r.below() {
			if e, ok := k.get(key); ok {
				k = k.replace(key, e, below, 0)
			}
		}
		return k
	}
	for key, e := range k.all() {
		k = k.replace(key, e, r.under(key), upTo)
	}
	return k
}

func (k keyed) replace(key string, e entry, r *removal, upTo uint64) keyed {
	switch left, stays := e.less(r, upTo); {
	case !stays:
		return keyed{k.drop(key)}
	case left != e:
		return keyed{k.put(key, left)}
	}
	return k
}

func (keyed) holds() bool { return false }

func (k keyed) reached(upTo uint64) bool {
	for _, e := range k.all() {
		if e.reached(upTo) {
			return true
		}
	}
	return false
}

// within names the entries below only where a version does not say how much of them was seen: counters.
func (k keyed) within(upTo uint64) *removal {
	var items []item[*removal]
	for key, e := range k.all() {
		if inner := e.content.within(upTo); inner != nil {
			items = append(items, item[*removal]{key, inner})
		}
	}
	if len(items) == 0 {
		return nil
	}
	return &removal{upTo: upTo, keys: grown(items)}
}

package typed

import "github.com/partita-io/partita/crdt"

// A Replica is what may stand under the keys of a [Map]: a [Counter], a [Set] or another type of this package that is replicated, also a Map.
type Replica[V any] interface {
	// in is the one that stands at a place.
	in(v value) V
	// kind is the type as [crdt.ParseType] reads it.
	kind() string
}

// A Map has a replicated value under each key: who changes that wins over who deletes the key without having seen it.
type Map[V Replica[V]] struct{ value }

// NewMap declares a map, as in NewMap[Counter]("stock").
func NewMap[V Replica[V]](name string) Map[V] { return Map[V]{declareValue[Map[V]](name)} }

// At is what stands under a key. It need not be there yet.
func (m Map[V]) At(key string) V {
	var v V
	return v.in(m.below(key))
}

// Delete takes a key out, with all that has been seen under it.
func (m Map[V]) Delete(key string) Effects { return m.changeAtOnce(crdt.Delete(key)) }

// Clear takes all keys out that have been seen.
func (m Map[V]) Clear() Effects { return m.changeAtOnce(crdt.Clear()) }

// Has tells whether there is a key, as far as is known.
func (m Map[V]) Has(ctx Looker, key string) bool { return m.view(ctx).Has(key) }

// Keys are all keys, as far as is known, in the order of their JSON text.
func (m Map[V]) Keys(ctx Looker) []string { return m.view(ctx).Keys() }

func (Map[V]) in(v value) Map[V] { return Map[V]{v} }

func (Map[V]) kind() string {
	var v V
	return crdt.Map.String() + " of " + v.kind()
}

// declareValue is a whole value.
func declareValue[V Replica[V]](name string) value {
	var v V
	return value{name: name, written: v.kind()}
}

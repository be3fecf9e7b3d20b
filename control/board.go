package control

import (
	"iter"
	"maps"
)

// A Board is what the records of the topic say together, taken in their order. Its zero value is that of an empty topic.
type Board struct {
	projections map[string]posted
	behaviors   map[string]Behavior
	entities    map[string]Entity
}

type posted struct {
	Projection
	// unread is why the last record cannot be read; nil if it can.
	unread error
}

// Take takes a record. known is false if it is about something that this program does not know; an error says that it cannot be read.
func (b *Board) Take(key string, value []byte) (known bool, err error) {
	if name, ok := ProjectionOf(key); ok {
		p, err := Parse(value)
		if err != nil {
			p = b.projections[name].Projection // Its versions are there still.
		}
		if b.projections == nil {
			b.projections = make(map[string]posted)
		}
		b.projections[name] = posted{Projection: p, unread: err}
		return true, err
	}
	if name, ok := EntityOf(key); ok {
		e, err := ParseEntity(value)
		if err != nil {
			return true, err // Commands need not wait for it.
		}
		if b.entities == nil {
			b.entities = make(map[string]Entity)
		}
		b.entities[name] = e
		return true, nil
	}
	component, ok := BehaviorOf(key)
	if !ok {
		return false, nil
	}
	behavior, err := ParseBehavior(value)
	if err != nil {
		return true, err
	}
	if b.behaviors == nil {
		b.behaviors = make(map[string]Behavior)
	}
	b.behaviors[component] = behavior
	return true, nil
}

// Projection is what is wanted of one. The error is why its last record cannot be read: then it is what the one before said, if there was one.
func (b *Board) Projection(name string) (Projection, error) {
	p := b.projections[name]
	return p.Projection, p.unread
}

// Entities are what is wanted of entity types, by name.
func (b *Board) Entities() iter.Seq2[string, Entity] { return maps.All(b.entities) }

// Behavior is what a version, by its component's name, was computed by; without hashes if nothing is known of it.
func (b *Board) Behavior(component string) Behavior { return b.behaviors[component] }

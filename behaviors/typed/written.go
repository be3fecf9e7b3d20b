package typed

import (
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/partita-io/partita/entities"
)

// A written is a kind of struct that is written, one after the other.
type written struct {
	*message
	// lastBytes is what the last one took.
	lastBytes atomic.Int64
}

// payload is the struct that pointer points to, as the context writes it.
func (w *written) payload(pointer any) (entities.Payload, error) {
	payload, err := w.encode(pointer, int(w.lastBytes.Load()))
	if err == nil {
		w.lastBytes.Store(int64(len(payload.Data)))
	}
	return payload, err
}

// kinds are structs by the type of a pointer to them, which is what effects hold.
type kinds[K any] map[reflect.Type]K

// add makes the struct known. Effects make a pointer of what they are given, which may be one itself.
func (k kinds[K]) add(of reflect.Type, kind K) {
	k[reflect.PointerTo(of)] = kind
	k[reflect.PointerTo(reflect.PointerTo(of))] = kind
}

// names are those of the structs.
func (k kinds[K]) names() []string {
	var names []string
	for pointer := range k {
		if pointer.Elem().Kind() != reflect.Pointer {
			names = append(names, pointer.Elem().Name())
		}
	}
	slices.Sort(names)
	return names
}

// pointedTo is the struct that a pointer of effects leads to.
func pointedTo(pointer any) reflect.Type {
	kind := reflect.TypeOf(pointer).Elem()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return kind
}

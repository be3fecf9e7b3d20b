package crdt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Operation is a change that somebody wants to make, as a value: it is checked when it is asked for and applied when its command is accepted.
type Operation struct {
	verb verb
	// path are the keys of the maps around what changes, the outermost first, as JSON text.
	path []string
	// key is the element, voter or key, as JSON text.
	key string
	// value is what is assigned, or the vote.
	value  Scalar
	amount int64
	timeMS int64
}

type verb uint8

const (
	increment verb = iota + 1
	enable
	disable
	assign
	add
	remove
	clearAll
	cast
	deleteKey
)

var verbNames = []string{
	increment: "increment", enable: "enable", disable: "disable", assign: "assign", add: "add", remove: "remove", clearAll: "clear", cast: "cast",
	deleteKey: "delete",
}

var verbsOf = [][]verb{
	Counter: {increment}, GrowCounter: {increment}, Flag: {enable, disable}, Register: {assign}, MultiRegister: {assign},
	Set: {add, remove, clearAll}, GrowSet: {add}, Vote: {cast}, Map: {deleteKey, clearAll},
}

// Increment adds n to a counter. Only a grow-counter minds that n is negative.
func Increment(n int64) Operation { return Operation{verb: increment, amount: n} }

// Enable enables a flag.
func Enable() Operation { return Operation{verb: enable} }

// Disable disables a flag as far as it has been seen enabled.
func Disable() Operation { return Operation{verb: disable} }

// Assign writes a register at a time in ms since 1970, or a multi-register, which needs no time.
func Assign(value Scalar, nowMS int64) Operation {
	return Operation{verb: assign, value: value, timeMS: nowMS}
}

// Add adds an element to a set or grow-set.
func Add(element Scalar) Operation { return Operation{verb: add, key: element.json} }

// Remove takes an element out of a set, as far as it has been seen added.
func Remove(element Scalar) Operation { return Operation{verb: remove, key: element.json} }

// Clear takes all that has been seen out of a set or map.
func Clear() Operation { return Operation{verb: clearAll} }

// Delete takes a key out of a map, with all that has been seen under it.
func Delete(key string) Operation { return Operation{verb: deleteKey, key: keyText(key)} }

// Cast is a voter's yes or no at a time in ms since 1970. It replaces what the voter had said before.
func Cast(voter string, yes bool, nowMS int64) Operation {
	return Operation{verb: cast, key: keyText(voter), value: Bool(yes), timeMS: nowMS}
}

// At is the operation on what stands under a key of a map; with several keys, in maps inside each other, the outermost first.
func (o Operation) At(keys ...string) Operation {
	path := make([]string, 0, len(keys)+len(o.path))
	for _, k := range keys {
		path = append(path, keyText(k))
	}
	o.path = append(path, o.path...)
	return o
}

// keyText is a key as it is kept: JSON text, empty if there is none for it.
func keyText(key string) string {
	s, err := Text(key)
	if err != nil {
		return ""
	}
	return s.json
}

// String is the operation for people: `add at "a", "b"`.
func (o Operation) String() string {
	name := "nothing"
	if o.verb > 0 && int(o.verb) < len(verbNames) {
		name = verbNames[o.verb]
	}
	if len(o.path) == 0 {
		return name
	}
	return name + " at " + shortened(strings.Join(o.path, ", "))
}

var (
	errKey     = errors.New("its key or voter is not UTF-8, or longer than a value may be")
	errElement = errors.New("it has no value; make one with ParseScalar, Text, Int or Bool")
	errShrink  = errors.New("a grow-counter only grows; declare a counter to count down")
)

// Check tells whether a value of the type can be changed so.
func (o Operation) Check(t Type) error {
	for i, key := range o.path {
		if t.Kind() != Map {
			return fmt.Errorf("%s: a %s has no keys: give %s", o, t, keysInstead(i))
		}
		if key == "" {
			return fmt.Errorf("%s: %w", o, errKey)
		}
		t = t.Of()
	}
	known := verbsOf[t.Kind()]
	if !slices.Contains(known, o.verb) {
		return fmt.Errorf("%s: a %s takes %s%s", o, t, listed(known), deeper(t))
	}
	if err := o.checkArguments(t); err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	return nil
}

func keysInstead(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf("no more than %d", n)
}

func (o Operation) checkArguments(t Type) error {
	//exhaustive:ignore
	switch o.verb {
	case increment:
		if t.leaf == GrowCounter && o.amount < 0 {
			return errShrink
		}
	case assign:
		if o.value == (Scalar{}) {
			return errElement
		}
	case add, remove:
		if o.key == "" {
			return errElement
		}
	case cast, deleteKey:
		if o.key == "" {
			return errKey
		}
	}
	return nil
}

func listed(verbs []verb) string {
	names := make([]string, len(verbs))
	for i, v := range verbs {
		names[i] = verbNames[v]
	}
	return strings.Join(names, ", ")
}

func deeper(t Type) string {
	if t.Kind() != Map {
		return ""
	}
	return fmt.Sprintf("; name a key to reach the %s under it", t.Of())
}

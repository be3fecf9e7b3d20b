package crdt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
)

// A Kind is one way of merging. The numbers are durable: docs/formats/crdt.md.
type Kind uint8

// The kinds, with their names in Akka Distributed Data (A), Riak (R) and Cloudstate (C) where those differ.
const (
	// Counter counts up and down. A, C: PNCounter.
	Counter Kind = 1
	// GrowCounter counts up. A, C: GCounter.
	GrowCounter Kind = 2
	// Flag is on or off; who enables it wins over who disables it without having seen that. In A and C a flag stays enabled.
	Flag Kind = 3
	// Register has one value; the last write wins. A, C: LWWRegister.
	Register Kind = 4
	// MultiRegister has the values of all writes that no later one had seen.
	MultiRegister Kind = 5
	// Set has elements; who adds one wins over who removes it without having seen that. A, C: ORSet.
	Set Kind = 6
	// GrowSet has elements that are never removed. A, C: GSet; R: gset.
	GrowSet Kind = 7
	// Vote has a yes or no of each voter, and counts them. C: Vote, whose voters are the nodes.
	Vote Kind = 8
	// Map has a value of another type under each key; who changes that wins over who deletes the key without having seen it. A, C: ORMap; with its
	// type also A: PNCounterMap, LWWMap, ORMultiMap.
	Map Kind = 9

	// nothing is what a set has beside an element.
	nothing Kind = 0
)

var kindNames = []string{
	Counter: "counter", GrowCounter: "grow-counter", Flag: "flag", Register: "register", MultiRegister: "multi-register",
	Set: "set", GrowSet: "grow-set", Vote: "vote", Map: "map",
}

// namedElsewhere are names that people bring along.
var namedElsewhere = map[string]string{
	"pncounter": "counter", "pn-counter": "counter", "gcounter": "grow-counter", "g-counter": "grow-counter",
	"lwwregister": "register", "lww-register": "register", "mvregister": "multi-register", "mv-register": "multi-register",
	"orset": "set", "or-set": "set", "gset": "grow-set", "g-set": "grow-set",
	"ormap": "map", "or-map": "map", "pncountermap": "map of counter", "lwwmap": "map of register", "ormultimap": "map of set",
}

// String is the kind's name in a context.yaml.
func (k Kind) String() string {
	if k == nothing || int(k) >= len(kindNames) {
		return "nothing"
	}
	return kindNames[k]
}

// MaxDepth is how many maps may stand inside each other.
const MaxDepth = 8

// A Type is what a replicated value is declared as. Types are comparable.
type Type struct {
	// maps is how many maps stand around leaf, which is no map.
	maps uint8
	leaf Kind
}

// ParseType reads what [Type.String] writes: "counter", "map of set", "map of map of register".
func ParseType(s string) (Type, error) {
	var t Type
	words := strings.Split(s, " of ")
	for _, word := range words[:len(words)-1] {
		if word != Map.String() {
			return Type{}, fmt.Errorf("type %q: only a map is of something; write %q", s, "map of "+words[len(words)-1])
		}
	}
	name := words[len(words)-1]
	i := slices.Index(kindNames, name)
	switch {
	case name == "" || i < 0:
		return Type{}, fmt.Errorf("type %q: there is no %q%s; there are %s", s, name, meant(name), strings.Join(kindNames[Counter:], ", "))
	case Kind(i) == Map:
		return Type{}, fmt.Errorf("type %q: of what is the map? write it, as in %q", s, s+" of counter")
	case len(words)-1 > MaxDepth:
		return Type{}, fmt.Errorf("type %q: more than %d maps inside each other; put the keys together into longer ones", s, MaxDepth)
	}
	t.maps, t.leaf = uint8(len(words)-1), Kind(i)
	return t, nil
}

func meant(name string) string {
	if ours, ok := namedElsewhere[strings.ToLower(name)]; ok {
		return fmt.Sprintf(" (it is called %s here)", ours)
	}
	return spelling.DidYouMean(name, kindNames[Counter:])
}

// String is the type as a context.yaml has it.
func (t Type) String() string {
	return strings.Repeat("map of ", int(t.maps)) + t.leaf.String()
}

// Kind is the type's outermost kind.
func (t Type) Kind() Kind {
	if t.maps > 0 {
		return Map
	}
	return t.leaf
}

// Of is the type of a map's values. It is the zero Type for what is no map.
func (t Type) Of() Type {
	if t.maps == 0 {
		return Type{}
	}
	return Type{maps: t.maps - 1, leaf: t.leaf}
}

// entries is the type of what stands under a key of this one, if it has keys: a map, a set or a vote.
func (t Type) entries() (Type, bool) {
	switch t.Kind() {
	case Map:
		return t.Of(), true
	case Set, GrowSet:
		return Type{}, true
	case Vote:
		return Type{leaf: Register}, true
	default:
		return Type{}, false
	}
}

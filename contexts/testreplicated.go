package contexts

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
)

// In a test the entity's own task is replica 0. What a test gives comes from others, of which there are as many as a multi-register has values: each
// had not heard of the others.
const ownReplica, firstOther = 0, 1

// givenReplicated are what a test says has been heard of, by the names of the values.
type givenReplicated map[string][]crdt.Contribution

// readReplicated reads {visitors: 3, tags: [new], stock: {pear: 2}}.
func (r testReader) readReplicated(n *yaml.Node) givenReplicated {
	given := givenReplicated{}
	for _, e := range r.entries(n, "replicated") {
		t, declared := r.replicatedType(e.key)
		if !declared || t == (crdt.Type{}) {
			continue
		}
		v := givenValue{testReader: r, typ: t}
		v.read(e.value, t, "replicated."+e.key.string, nil)
		given[e.key.string] = v.heard
	}
	return given
}

// replicatedType is the type of a value, after a complaint if none of the name is declared.
func (r testReader) replicatedType(name text) (crdt.Type, bool) {
	t, ok := r.context.Replicated[name.string]
	if !ok {
		known := slices.Sorted(maps.Keys(r.context.Replicated))
		r.complain(name.node, "replicated: there is no value %s%s", name.string, spelling.DidYouMean(name.string, known))
	}
	return t, ok
}

// checkReplicated wants the names of a test's replicated values to be declared.
func (r testReader) checkReplicated(n *yaml.Node) {
	for _, e := range r.entries(n, "replicated") {
		r.replicatedType(e.key)
	}
}

// A givenValue is one value being read.
type givenValue struct {
	testReader
	typ   crdt.Type
	heard []crdt.Contribution
}

// read reads what stands under some keys of the value, which is of type t.
func (v *givenValue) read(n *yaml.Node, t crdt.Type, what string, keys []string) {
	switch t.Kind() {
	case crdt.Counter, crdt.GrowCounter:
		v.change(n, what, keys, firstOther, crdt.Increment(v.whole(n, what)))
	case crdt.Flag:
		if v.boolean(n, what) {
			v.change(n, what, keys, firstOther, crdt.Enable())
		}
	case crdt.Register:
		v.change(n, what, keys, firstOther, crdt.Assign(v.plain(n, what), 0))
	case crdt.MultiRegister:
		for i, item := range v.items(n, what) {
			v.change(item, what, keys, firstOther+i, crdt.Assign(v.plain(item, what), 0))
		}
	case crdt.Set, crdt.GrowSet:
		for _, item := range v.items(n, what) {
			v.change(item, what, keys, firstOther, crdt.Add(v.plain(item, what)))
		}
	case crdt.Vote:
		for _, e := range v.entries(n, what) {
			v.change(e.key.node, what, keys, firstOther, crdt.Cast(e.key.string, v.boolean(e.value, what+"."+e.key.string), 0))
		}
	case crdt.Map:
		for _, e := range v.entries(n, what) {
			v.read(e.value, t.Of(), what+"."+e.key.string, append(keys[:len(keys):len(keys)], e.key.string))
		}
	}
}

// change has a replica have changed the value without having heard of the others.
func (v *givenValue) change(n *yaml.Node, what string, keys []string, replica int, o crdt.Operation) {
	for len(v.heard) < replica {
		v.heard = append(v.heard, crdt.New(v.typ, int32(firstOther+len(v.heard))))
	}
	own := &v.heard[replica-firstOther]
	alone, err := crdt.Fold(v.typ, *own)
	if err == nil {
		*own, err = own.Apply(o.At(keys...), alone)
	}
	if err != nil {
		v.complain(n, "%s: %v", what, err)
	}
}

func (v *givenValue) whole(n *yaml.Node, what string) int64 {
	number, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil {
		v.complain(n, "%s: expected a whole number of at most 64 bits, got %s", what, shown(n))
	}
	return number
}

func (v *givenValue) boolean(n *yaml.Node, what string) bool {
	b, ok := jsonOf(n).(bool)
	if !ok {
		v.complain(n, "%s: expected true or false, got %s", what, shown(n))
	}
	return b
}

// plain is a string, a number, true, false or null.
func (v *givenValue) plain(n *yaml.Node, what string) crdt.Scalar {
	if n.Kind != yaml.ScalarNode {
		v.complain(n, "%s: expected one value, got %s", what, kindOf(n))
		return crdt.Null
	}
	s, err := crdt.ParseScalar(marshal(jsonOf(n)))
	if err != nil {
		v.complain(n, "%s: %v", what, err)
		return crdt.Null
	}
	return s
}

// fillReplicated has the values be what a test gives; of those that it does not name nothing is known.
func (c *Context) fillReplicated(given givenReplicated) error {
	if c.values == nil {
		return nil
	}
	return c.values.Fill(given)
}

// changed are the values that a test's command has changed, over what is known of them.
func (c *Context) changed(changes []entities.Change) (map[string]any, error) {
	contributions := map[string]crdt.Contribution{}
	views := map[string]crdt.View{}
	for _, change := range changes {
		own, ok := contributions[change.Value]
		if !ok {
			own = crdt.New(c.Replicated[change.Value], ownReplica)
		}
		seen, err := c.values.View(change.Value).With(own)
		if err == nil {
			own, err = own.Apply(change.Operation, seen)
		}
		if err == nil {
			views[change.Value], err = seen.With(own)
		}
		if err != nil {
			return nil, fmt.Errorf("replicated value %s: %w", change.Value, err)
		}
		contributions[change.Value] = own
	}
	values := make(map[string]any, len(views))
	for name, view := range views {
		var err error
		if values[name], err = parseJSON(view.AppendValue(nil)); err != nil {
			return nil, fmt.Errorf("showing %s: %w", name, err)
		}
	}
	return values, nil
}

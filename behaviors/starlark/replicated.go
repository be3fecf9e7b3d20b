package starlark

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

// An operation is what a function like increment makes of its arguments: NAME, VALUE…, at = KEY or [KEY, …].
type operation struct {
	// least and most are how many arguments follow the name of the value.
	least, most int
	usage       string
	make        func(args star.Tuple, nowMS int64) (crdt.Operation, error)
}

// operations are by the name of the function.
var operations = map[string]operation{
	"increment": {0, 1, `increment("visitors", 1)`, func(args star.Tuple, _ int64) (crdt.Operation, error) { return counted(args, 1) }},
	"decrement": {0, 1, `decrement("visitors", 1)`, func(args star.Tuple, _ int64) (crdt.Operation, error) { return counted(args, -1) }},
	"enable":    {0, 0, `enable("maintenance")`, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Enable(), nil }},
	"disable":   {0, 0, `disable("maintenance")`, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Disable(), nil }},
	"assign": {1, 1, `assign("motd", "hello")`, func(args star.Tuple, nowMS int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Assign(value, nowMS), err
	}},
	"add": {1, 1, `add("tags", "new")`, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Add(value), err
	}},
	"remove": {1, 1, `remove("tags", "new")`, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		value, err := toScalar(args[0])
		return crdt.Remove(value), err
	}},
	"clear": {0, 0, `clear("tags")`, func(star.Tuple, int64) (crdt.Operation, error) { return crdt.Clear(), nil }},
	"delete_key": {1, 1, `delete_key("stock", "pear")`, func(args star.Tuple, _ int64) (crdt.Operation, error) {
		key, ok := star.AsString(args[0])
		if !ok {
			return crdt.Operation{}, fmt.Errorf("the key is a string, got %s", args[0].Type())
		}
		return crdt.Delete(key), nil
	}},
	"vote": {2, 2, `vote("poll", "alice", True)`, func(args star.Tuple, nowMS int64) (crdt.Operation, error) {
		voter, ok := star.AsString(args[0])
		yes, isBool := args[1].(star.Bool)
		if !ok || !isBool {
			return crdt.Operation{}, fmt.Errorf("want the voter's name and True or False, got %s and %s", args[0].Type(), args[1].Type())
		}
		return crdt.Cast(voter, bool(yes), nowMS), nil
	}},
}

func (o operation) effect(t *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.events == nil || allowed.outlets == nil {
		return nil, fmt.Errorf("%s: only decide_ functions change replicated values", b.Name())
	}
	at, rest := takeArgument(kwargs, "at")
	if len(args) == 0 || len(args)-1 < o.least || len(args)-1 > o.most || len(rest) > 0 {
		return nil, fmt.Errorf(`%s: want %s, and at = "key" for what is in a map`, b.Name(), o.usage)
	}
	name, _ := star.AsString(args[0])
	typ, ok := allowed.outlets.Replicated[name]
	if !ok {
		return nil, fmt.Errorf("%s: there is no replicated value %s%s", b.Name(), shown(args[0]), didYouMean(name, slices.Collect(maps.Keys(allowed.outlets.Replicated))))
	}
	made, err := o.make(args[1:], allowed.nowMS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	keys, err := keysOf(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	made = made.At(keys...)
	if err := made.Check(typ); err != nil {
		return nil, fmt.Errorf("%s: replicated value %s: %w", b.Name(), name, err)
	}
	return &effect{kind: changing, change: entities.Change{Value: name, Operation: made}}, nil
}

func counted(args star.Tuple, sign int64) (crdt.Operation, error) {
	n := int64(1)
	if len(args) > 0 {
		given, isInt := args[0].(star.Int)
		var fits bool
		if isInt {
			n, fits = given.Int64()
		}
		if !fits || n < 0 {
			return crdt.Operation{}, fmt.Errorf("want a whole number from 0 that fits into 64 bits, got %s", shown(args[0]))
		}
	}
	return crdt.Increment(sign * n), nil
}

func toScalar(v star.Value) (crdt.Scalar, error) {
	data, err := replyJSON(v)
	if err != nil {
		return crdt.Scalar{}, err
	}
	return crdt.ParseScalar(data)
}

func keysOf(at star.Value) ([]string, error) {
	if key, ok := star.AsString(at); ok {
		return []string{key}, nil
	}
	if at == star.None {
		return nil, nil
	}
	list, ok := at.(star.Sequence)
	if !ok || list.Len() > crdt.MaxDepth {
		return nil, fmt.Errorf("at: want a key or a list of at most %d, got %s", crdt.MaxDepth, at.Type())
	}
	keys := make([]string, 0, list.Len())
	for item := range star.Elements(list) {
		key, ok := star.AsString(item)
		if !ok {
			return nil, fmt.Errorf("at: a key is a string, got %s", item.Type())
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// withReplicated adds ctx.replicated, where the context declares any.
func (s *scope) withReplicated(o *Outlets, views behaviors.Views, b *budget) *scope {
	if o != nil && len(o.Replicated) > 0 {
		s.names, s.values = append(s.names, "replicated"), append(s.values, &replicatedValues{types: o.Replicated, views: views, budget: b})
	}
	return s
}

// A replicatedValues is ctx.replicated.
type replicatedValues struct {
	types  map[string]crdt.Type
	views  behaviors.Views
	budget *budget
}

func (r *replicatedValues) String() string        { return "ctx.replicated" }
func (r *replicatedValues) Type() string          { return "replicated values" }
func (r *replicatedValues) Freeze()               {}
func (r *replicatedValues) Truth() star.Bool      { return true }
func (r *replicatedValues) Hash() (uint32, error) { return 0, errors.New("unhashable: ctx.replicated") }

// AttrNames are the names of the values; hyphens are underscores.
func (r *replicatedValues) AttrNames() []string {
	names := make([]string, 0, len(r.types))
	for name := range r.types {
		names = append(names, strings.ReplaceAll(name, "-", "_"))
	}
	slices.Sort(names)
	return names
}

// Attr is the named value, as far as is known of it.
func (r *replicatedValues) Attr(name string) (star.Value, error) {
	declared := strings.ReplaceAll(name, "_", "-")
	t, ok := r.types[declared]
	if !ok {
		return nil, star.NoSuchAttrError(fmt.Sprintf("ctx.replicated has no %s%s", clipped(name, maxShownBytes), didYouMean(name, r.AttrNames())))
	}
	view, err := crdt.Fold(t)
	if r.views != nil && err == nil {
		view = r.views(declared)
	}
	return &replicatedView{name: declared, view: view, budget: r.budget}, err
}

// A replicatedView is what is known of one value, or of what stands under a key of it.
type replicatedView struct {
	name   string
	view   crdt.View
	budget *budget
}

func (r *replicatedView) String() string   { return "replicated " + r.name }
func (r *replicatedView) Type() string     { return r.view.Type().String() }
func (r *replicatedView) Freeze()          {}
func (r *replicatedView) Truth() star.Bool { return true }
func (r *replicatedView) Hash() (uint32, error) {
	return 0, errors.New("unhashable: a replicated value")
}

// AttrNames are value, and at for a map.
func (r *replicatedView) AttrNames() []string { return []string{"value", "at"} }

// Attr is .value, or .at(key, …) to reach into a map.
func (r *replicatedView) Attr(name string) (star.Value, error) {
	switch {
	case name == "value":
		return r.value(r.view)
	case name == "at" && r.view.Type().Kind() == crdt.Map:
		return star.NewBuiltin("at", r.at), nil
	}
	return nil, nil //nolint:nilnil // As the interface asks: there is no such field.
}

func (r *replicatedView) at(_ *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	keys, err := keysOf(args)
	if err != nil || len(kwargs) > 0 {
		return nil, errors.New(`at: want keys, as in ctx.replicated.stock.at("pear").value`)
	}
	below := r.view.At(keys...)
	if below.Type() == (crdt.Type{}) {
		return nil, fmt.Errorf("at: a %s has not %d keys", r.view.Type(), len(keys))
	}
	return &replicatedView{name: r.name, view: below, budget: r.budget}, nil
}

// value is a number, a boolean, what was assigned, a list, or a dict.
func (r *replicatedView) value(v crdt.View) (star.Value, error) {
	switch v.Type().Kind() {
	case crdt.Counter, crdt.GrowCounter:
		return star.MakeBigInt(v.Count()), r.budget.charge(bytesPerElement)
	case crdt.Flag:
		return star.Bool(v.Enabled()), nil
	case crdt.Register:
		if value, ok := v.Value(); ok {
			return r.scalar(value)
		}
		return star.None, nil
	case crdt.Vote:
		yes, of := v.Tally()
		return r.dict(2, func(yield func(string, star.Value)) error {
			yield("yes", star.MakeInt(yes))
			yield("of", star.MakeInt(of))
			return nil
		})
	case crdt.Map:
		keys := v.Keys()
		return r.dict(len(keys), func(yield func(string, star.Value)) error {
			for _, key := range keys {
				below, err := r.value(v.At(key))
				if err != nil {
					return err
				}
				yield(key, below)
			}
			return nil
		})
	default:
		return r.list(v.Values())
	}
}

func (r *replicatedView) dict(size int, fill func(yield func(string, star.Value)) error) (star.Value, error) {
	if err := r.budget.charge(int64(size) * 2 * bytesPerElement); err != nil {
		return nil, err
	}
	d := star.NewDict(size)
	err := fill(func(key string, v star.Value) { _ = d.SetKey(star.String(key), v) }) // A new dict takes any string.
	return d, err
}

func (r *replicatedView) list(scalars []crdt.Scalar) (star.Value, error) {
	values := make([]star.Value, len(scalars))
	for i, s := range scalars {
		var err error
		if values[i], err = r.scalar(s); err != nil {
			return nil, err
		}
	}
	return star.NewList(values), nil
}

func (r *replicatedView) scalar(s crdt.Scalar) (star.Value, error) {
	if err := r.budget.charge(int64(len(s.JSON())) + bytesPerElement); err != nil {
		return nil, err
	}
	switch s {
	case crdt.Null:
		return star.None, nil
	case crdt.True, crdt.False:
		return star.Bool(s == crdt.True), nil
	}
	if text, ok := s.Text(); ok {
		return star.String(text), nil
	}
	if n, ok := new(big.Int).SetString(s.JSON(), 10); ok {
		return star.MakeBigInt(n), nil
	}
	return nil, fmt.Errorf("replicated value %s has the number %s, which is not whole: keep it as text", r.name, s)
}

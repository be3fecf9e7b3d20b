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
)

// Replicated are the replicated values of a context, which functions read as ctx.replicated.NAME.
type Replicated struct {
	// Types are by the names of the values, which have hyphens where scripts have underscores.
	Types map[string]crdt.Type
	// Views are what is known of them. Without any, nothing is.
	Views behaviors.Views
}

// seen are the values as somebody else sees them.
func (r Replicated) seen(by behaviors.Views) Replicated {
	r.Views = by
	return r
}

// lacks says that none of the known names is this one, which is shown as it was written.
func (r Replicated) lacks(written, name string, known []string) string {
	if len(known) == 0 {
		return fmt.Sprintf("there is no replicated value %s: context.yaml declares none under replicated", written)
	}
	return fmt.Sprintf("there is no replicated value %s%s", written, meant(name, known))
}

// names are those of the values.
func (r Replicated) names() []string { return slices.Sorted(maps.Keys(r.Types)) }

// declared is the type of a value by its name in scripts.
func (r Replicated) declared(inScript string) (crdt.Type, bool) {
	t, ok := r.Types[inYAML(inScript)]
	return t, ok
}

// inYAML is the name that a name in scripts stands for.
func inYAML(name string) string { return strings.ReplaceAll(name, "_", "-") }

// namesInScript are the names of the values as attributes.
func (r Replicated) namesInScript() []string {
	names := make([]string, 0, len(r.Types))
	for name := range r.Types {
		names = append(names, strings.ReplaceAll(name, "-", "_"))
	}
	slices.Sort(names)
	return names
}

// A replicatedValues is ctx.replicated: each value as it was when the function looked at it first.
type replicatedValues struct {
	Replicated
	budget *budget
	looked []*replicatedView
}

func (r *replicatedValues) String() string        { return "ctx.replicated" }
func (r *replicatedValues) Type() string          { return "replicated values" }
func (r *replicatedValues) Freeze()               {}
func (r *replicatedValues) Truth() star.Bool      { return true }
func (r *replicatedValues) Hash() (uint32, error) { return 0, errors.New("unhashable: ctx.replicated") }

// AttrNames are the names of the values.
func (r *replicatedValues) AttrNames() []string { return r.namesInScript() }

// Attr is the named value, as far as is known of it.
func (r *replicatedValues) Attr(name string) (star.Value, error) {
	declared := inYAML(name)
	for _, before := range r.looked {
		if before.name == declared {
			return before, nil
		}
	}
	t, ok := r.declared(name)
	if !ok {
		return nil, star.NoSuchAttrError("ctx.replicated: " + r.lacks(clipped(name, maxShownBytes), name, r.AttrNames()))
	}
	view, err := crdt.Fold(t)
	if r.Views != nil && err == nil {
		view = r.Views(declared)
	}
	now := &replicatedView{name: declared, view: view, budget: r.budget}
	r.looked = append(r.looked, now)
	return now, err
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
func (r *replicatedView) AttrNames() []string { return fieldsOf(r.view.Type()) }

func fieldsOf(t crdt.Type) []string {
	if t.Kind() == crdt.Map {
		return []string{"value", "at"}
	}
	return []string{"value"}
}

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

package starlark

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/schemas"
)

var errTooDeep = errors.New("nested too deeply")

// coerce is v as a value of type t: checked, and dict literals made records where the schema says so. A container that fits is kept.
func coerce(v star.Value, t *schemas.Type, b *budget, depth int) (star.Value, error) {
	if err := b.visit(depth); err != nil {
		return nil, err
	}
	switch t.Kind {
	case schemas.Union:
		return coerceUnion(v, t, b, depth)
	case schemas.Record:
		return coerceRecord(v, t, b, depth)
	case schemas.Array:
		return coerceList(v, t, b, depth)
	case schemas.Map:
		return coerceDict(v, t, b, depth)
	default:
		return coerceScalar(v, t)
	}
}

func coerceScalar(v star.Value, t *schemas.Type) (star.Value, error) {
	plain, err := scalarToPlain(v, t)
	if err != nil {
		return nil, err
	}
	if n, ok := v.(star.Int); ok && t.Logical == schemas.Decimal {
		return Decimal{new(big.Rat).SetInt(n.BigInt())}, nil
	}
	if f, ok := plain.(float64); ok {
		return star.Float(f), nil
	}
	return v, nil
}

func coerceUnion(v star.Value, t *schemas.Type, b *budget, depth int) (star.Value, error) {
	branch, err := branchFor(v, t)
	if err != nil {
		return nil, err
	}
	if branch != nil {
		return coerce(v, branch, b, depth+1)
	}
	return firstThatFits(t, func(branch *schemas.Type) (star.Value, error) { return coerce(v, branch, b, depth+1) })
}

// firstThatFits tries the branches of a union. A limit that is reached ends the search.
func firstThatFits[T any](t *schemas.Type, try func(*schemas.Type) (T, error)) (T, error) {
	var none T
	var first error
	for _, branch := range t.Branches {
		out, err := try(branch)
		if err == nil || isLimit(err) {
			return out, err
		}
		if first == nil || t.Optional == branch {
			first = err
		}
	}
	return none, first
}

// branchFor is the branch of a union that a record or a dict is meant for; nil for other values, which the first branch that fits takes.
func branchFor(v star.Value, t *schemas.Type) (*schemas.Type, error) {
	var candidates []*schemas.Type
	switch v := v.(type) {
	case *Record:
		for _, branch := range t.Branches {
			if branch.Kind == schemas.Record && branch.Name == v.typ.Name {
				return branch, nil
			}
		}
		return nil, wrongType(v, "one of "+branchNames(t.Branches))
	case *star.Dict:
		for _, branch := range t.Branches {
			if branch.Kind == schemas.Map || branch.Kind == schemas.Record && hasFields(branch, v) {
				candidates = append(candidates, branch)
			}
		}
	}
	switch len(candidates) {
	case 0:
		return nil, nil
	case 1:
		return candidates[0], nil
	}
	return nil, fmt.Errorf("the dict could be any of %s: name it, as in %s(…)", branchNames(candidates), shortName(firstRecord(candidates).Name))
}

func firstRecord(branches []*schemas.Type) *schemas.Type {
	for _, branch := range branches {
		if branch.Kind == schemas.Record {
			return branch
		}
	}
	return branches[0]
}

// hasFields tells whether a record of type t could be made of the dict's keys.
func hasFields(t *schemas.Type, d *star.Dict) bool {
	found := 0
	for i := range t.Fields {
		_, given, err := d.Get(star.String(t.Fields[i].Name))
		if err != nil || !given && !t.Fields[i].HasDefault {
			return false
		}
		if given {
			found++
		}
	}
	return found == d.Len()
}

func branchNames(branches []*schemas.Type) string {
	names := make([]string, 0, len(branches))
	for _, branch := range branches {
		switch {
		case branch.Kind == schemas.Null:
			names = append(names, "None")
		case branch.Name != "":
			names = append(names, shortName(branch.Name))
		case branch.Kind == schemas.Map:
			names = append(names, "a dict")
		case branch.Kind == schemas.Array:
			names = append(names, "a list")
		default:
			names = append(names, "a plain value")
		}
	}
	return clipped(strings.Join(names, ", "), maxShownBytes)
}

func coerceRecord(v star.Value, t *schemas.Type, b *budget, depth int) (star.Value, error) {
	switch v := v.(type) {
	case *Record:
		if v.typ.Name != t.Name {
			break
		}
		for i := 0; !v.frozen && i < len(v.values); i++ {
			value, err := coerce(v.values[i], t.Fields[i].Type, b, depth+1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.Fields[i].Name, err)
			}
			v.values[i] = value
		}
		return v, nil
	case *star.Dict:
		return newRecord(t, v.Items(), b, depth)
	}
	return nil, wrongType(v, "a "+shortName(t.Name))
}

// newRecord makes a record of named fields; those not named take the schema's defaults.
func newRecord(t *schemas.Type, fields []star.Tuple, b *budget, depth int) (*Record, error) {
	if err := b.charge(int64(len(t.Fields)) * bytesPerElement); err != nil {
		return nil, err
	}
	r := &Record{typ: t, values: make([]star.Value, len(t.Fields)), own: make([]bool, len(t.Fields)), budget: b}
	for _, f := range fields {
		name, _ := star.AsString(f[0])
		i := t.FieldIndex(name)
		if i < 0 {
			return nil, r.unknown(name)
		}
		value, err := coerce(f[1], t.Fields[i].Type, b, depth+1)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", r.Type(), name, err)
		}
		r.values[i] = value
	}
	for i, f := range t.Fields {
		if r.values[i] != nil {
			continue
		}
		if !f.HasDefault {
			return nil, fmt.Errorf("%s needs field %s: it has no default", r.Type(), f.Name)
		}
		r.values[i], r.own[i] = toStar(f.Default, f.Type), true
	}
	return r, nil
}

func asList(v star.Value) (star.Indexable, bool) {
	switch v := v.(type) {
	case *star.List:
		return v, true
	case star.Tuple:
		return v, true
	}
	return nil, false
}

func coerceList(v star.Value, t *schemas.Type, b *budget, depth int) (star.Value, error) {
	sequence, ok := asList(v)
	if !ok {
		return nil, wrongType(v, "a list")
	}
	list, keep := v.(*star.List)
	items := make([]star.Value, sequence.Len())
	for i := range items {
		item, err := coerce(sequence.Index(i), t.Elem, b, depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		items[i] = item
		keep = keep && (item == sequence.Index(i) || list.SetIndex(i, item) == nil)
	}
	if keep {
		return v, nil
	}
	return star.NewList(items), b.charge(int64(len(items)) * bytesPerElement)
}

func coerceDict(v star.Value, t *schemas.Type, b *budget, depth int) (star.Value, error) {
	dict, ok := v.(*star.Dict)
	if !ok {
		return nil, wrongType(v, "a dict")
	}
	var changed []star.Tuple
	for k, old := range dict.Entries() {
		key, isString := star.AsString(k)
		if !isString {
			return nil, fmt.Errorf("key %s: %w", shown(k), wrongType(k, "a string"))
		}
		item, err := coerce(old, t.Elem, b, depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%s]: %w", quoted(key), err)
		}
		if item != old {
			changed = append(changed, star.Tuple{k, item})
		}
	}
	return withChanged(dict, changed, b)
}

// withChanged is the dict with some entries replaced: in place, or in a copy where that cannot be.
func withChanged(dict *star.Dict, changed []star.Tuple, b *budget) (star.Value, error) {
	for i, entry := range changed {
		if i == 0 && dict.SetKey(entry[0], entry[1]) != nil {
			if err := b.charge(int64(dict.Len()) * bytesPerElement); err != nil {
				return nil, err
			}
			whole := star.NewDict(dict.Len())
			for k, item := range dict.Entries() {
				_ = whole.SetKey(k, item) // the key was hashed before, so it can be again
			}
			dict = whole
		}
		if err := dict.SetKey(entry[0], entry[1]); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

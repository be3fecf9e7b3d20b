package starlark

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/schemas"
)

// maxDepth bounds nesting: a list that holds itself, under a recursive schema, would never end.
const maxDepth = 100

const dateLayout = "2006-01-02"

const secondsPerDay = 24 * 60 * 60

// toStar is a plain value of type t as scripts see it.
func toStar(v any, t *schemas.Type) star.Value {
	switch v := v.(type) {
	case schemas.Branch:
		return branchToStar(v, t)
	case bool:
		return star.Bool(v)
	case int64:
		if t = branchOf(t, schemas.Int); t != nil && t.Logical == schemas.Date {
			return star.String(time.Unix(v*secondsPerDay, 0).UTC().Format(dateLayout))
		}
		return star.MakeInt64(v)
	case float64:
		return star.Float(v)
	case string:
		return star.String(v)
	case []byte:
		return star.Bytes(v)
	case *big.Rat:
		return Decimal{v}
	case map[string]any:
		return dictToStar(v, branchOf(t, schemas.Map))
	case []any:
		if record := branchOf(t, schemas.Record); record != nil {
			return recordToStar(v, record)
		}
		return listToStar(v, branchOf(t, schemas.Array))
	}
	return star.None
}

// branchToStar is a record of a union of several: its type's name tells scripts which it is.
func branchToStar(v schemas.Branch, t *schemas.Type) star.Value {
	fields, ok := v.Value.([]any)
	for _, b := range t.Branches {
		if ok && b.Kind == schemas.Record && b.Name == v.Name {
			return recordToStar(fields, b)
		}
	}
	return star.None
}

// branchOf is t, or the first branch of the union t, of the given kind.
func branchOf(t *schemas.Type, kind schemas.Kind) *schemas.Type {
	if t.Kind == kind {
		return t
	}
	for _, b := range t.Branches {
		if b.Kind == kind {
			return b
		}
	}
	return nil
}

func recordToStar(v []any, t *schemas.Type) *Record {
	r := &Record{typ: t, values: make([]star.Value, len(t.Fields))}
	for i := range r.values {
		r.values[i] = toStar(v[i], t.Fields[i].Type)
	}
	return r
}

func listToStar(v []any, t *schemas.Type) *star.List {
	items := make([]star.Value, len(v))
	for i := range v {
		items[i] = toStar(v[i], t.Elem)
	}
	return star.NewList(items)
}

func dictToStar(v map[string]any, t *schemas.Type) *star.Dict {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same order at every run
	d := star.NewDict(len(v))
	for _, k := range keys {
		_ = d.SetKey(star.String(k), toStar(v[k], t.Elem)) // a new dict takes any string
	}
	return d
}

// toPlain is a script's value as a plain value of type t.
func toPlain(v star.Value, t *schemas.Type, b *budget, depth int) (any, error) {
	if err := b.visit(depth); err != nil {
		return nil, err
	}
	switch t.Kind {
	case schemas.Union:
		return unionToPlain(v, t, b, depth)
	case schemas.Record:
		r, ok := v.(*Record)
		if !ok || r.typ.Name != t.Name {
			return nil, wrongType(v, "a "+shortName(t.Name))
		}
		return recordToPlain(r, t, b, depth)
	case schemas.Array:
		return listToPlain(v, t, b, depth)
	case schemas.Map:
		return dictToPlain(v, t, b, depth)
	default:
		return scalarToPlain(v, t)
	}
}

func recordToPlain(r *Record, t *schemas.Type, b *budget, depth int) ([]any, error) {
	out := make([]any, len(r.values))
	for i := range out {
		var err error
		if out[i], err = toPlain(r.values[i], t.Fields[i].Type, b, depth+1); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", r.Type(), t.Fields[i].Name, err)
		}
	}
	return out, nil
}

func listToPlain(v star.Value, t *schemas.Type, b *budget, depth int) (any, error) {
	list, ok := asList(v)
	if !ok {
		return nil, wrongType(v, "a list")
	}
	out := make([]any, list.Len())
	for i := range out {
		var err error
		if out[i], err = toPlain(list.Index(i), t.Elem, b, depth+1); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return out, nil
}

// unionToPlain names a record's branch where there is more than null beside it.
func unionToPlain(v star.Value, t *schemas.Type, b *budget, depth int) (any, error) {
	branch, err := branchFor(v, t)
	if err != nil {
		return nil, err
	}
	if branch != nil {
		out, err := toPlain(v, branch, b, depth+1)
		if err == nil && branch.Kind == schemas.Record && t.Optional == nil {
			out = schemas.Branch{Name: branch.Name, Value: out}
		}
		return out, err
	}
	return firstThatFits(t, func(branch *schemas.Type) (any, error) { return toPlain(v, branch, b, depth+1) })
}

func dictToPlain(v star.Value, t *schemas.Type, b *budget, depth int) (any, error) {
	dict, ok := v.(*star.Dict)
	if !ok {
		return nil, wrongType(v, "a dict")
	}
	out := make(map[string]any, dict.Len())
	for k, item := range dict.Entries() {
		key, isString := star.AsString(k)
		if !isString {
			return nil, wrongType(k, "a string as key")
		}
		plain, err := toPlain(item, t.Elem, b, depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%s]: %w", quoted(key), err)
		}
		out[key] = plain
	}
	return out, nil
}

package starlark

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
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

// coerce is v as a value of type t: checked, and dict literals made records where the schema says so. A container that fits is kept.
func coerce(v star.Value, t *schemas.Type, depth int) (star.Value, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	switch t.Kind {
	case schemas.Union:
		return coerceUnion(v, t, depth)
	case schemas.Record:
		return coerceRecord(v, t, depth)
	case schemas.Array:
		return coerceList(v, t, depth)
	case schemas.Map:
		return coerceDict(v, t, depth)
	}
	if _, err := scalarToPlain(v, t); err != nil {
		return nil, err
	}
	if n, ok := v.(star.Int); ok && t.Logical == schemas.Decimal {
		return Decimal{new(big.Rat).SetInt(n.BigInt())}, nil
	}
	if n, ok := v.(star.Int); ok && (t.Kind == schemas.Float || t.Kind == schemas.Double) {
		return n.Float(), nil
	}
	return v, nil
}

func coerceUnion(v star.Value, t *schemas.Type, depth int) (star.Value, error) {
	var first error
	for _, b := range t.Branches {
		out, err := coerce(v, b, depth+1)
		if err == nil {
			return out, nil
		}
		if first == nil || t.Optional == b {
			first = err
		}
	}
	return nil, first
}

func coerceRecord(v star.Value, t *schemas.Type, depth int) (star.Value, error) {
	switch v := v.(type) {
	case *Record:
		if v.typ.Name != t.Name {
			break
		}
		for i := 0; !v.frozen && i < len(v.values); i++ {
			var err error
			if v.values[i], err = coerce(v.values[i], t.Fields[i].Type, depth+1); err != nil {
				return nil, fmt.Errorf("%s: %w", t.Fields[i].Name, err)
			}
		}
		return v, nil
	case *star.Dict:
		return newRecord(t, v.Items(), depth)
	}
	return nil, wrongType(v, "a "+shortName(t.Name))
}

// newRecord makes a record of named fields; those not named take the schema's defaults.
func newRecord(t *schemas.Type, fields []star.Tuple, depth int) (*Record, error) {
	r := &Record{typ: t, values: make([]star.Value, len(t.Fields))}
	for _, f := range fields {
		name, _ := star.AsString(f[0])
		i := fieldIndex(t, name)
		if i < 0 {
			return nil, r.unknown(name)
		}
		value, err := coerce(f[1], t.Fields[i].Type, depth+1)
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
		r.values[i] = toStar(f.Default, f.Type)
	}
	return r, nil
}

func coerceList(v star.Value, t *schemas.Type, depth int) (star.Value, error) {
	sequence, ok := v.(star.Indexable)
	if _, text := v.(star.String); !ok || text {
		return nil, wrongType(v, "a list")
	}
	list, keep := v.(*star.List)
	items := make([]star.Value, sequence.Len())
	for i := range items {
		item, err := coerce(sequence.Index(i), t.Elem, depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		items[i] = item
		keep = keep && (item == sequence.Index(i) || list.SetIndex(i, item) == nil)
	}
	if keep {
		return v, nil
	}
	return star.NewList(items), nil
}

func coerceDict(v star.Value, t *schemas.Type, depth int) (star.Value, error) {
	dict, ok := v.(*star.Dict)
	if !ok {
		return nil, wrongType(v, "a dict")
	}
	frozen := isFrozenDict(dict)
	out := dict
	if frozen {
		out = star.NewDict(dict.Len())
	}
	for _, entry := range dict.Items() {
		key, isString := entry[0].(star.String)
		if !isString {
			return nil, fmt.Errorf("key %s: %w", entry[0], wrongType(entry[0], "a string"))
		}
		item, err := coerce(entry[1], t.Elem, depth+1)
		if err != nil {
			return nil, fmt.Errorf("[%q]: %w", string(key), err)
		}
		if err := out.SetKey(key, item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// toPlain is a script's value as a plain value of type t.
func toPlain(v star.Value, t *schemas.Type) (any, error) {
	switch t.Kind {
	case schemas.Union:
		return unionToPlain(v, t)
	case schemas.Record:
		r, ok := v.(*Record)
		if !ok || r.typ.Name != t.Name {
			return nil, wrongType(v, "a "+shortName(t.Name))
		}
		out := make([]any, len(r.values))
		for i := range out {
			var err error
			if out[i], err = toPlain(r.values[i], t.Fields[i].Type); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", r.Type(), t.Fields[i].Name, err)
			}
		}
		return out, nil
	case schemas.Array:
		list, ok := v.(*star.List)
		if !ok {
			return nil, wrongType(v, "a list")
		}
		out := make([]any, list.Len())
		for i := range out {
			var err error
			if out[i], err = toPlain(list.Index(i), t.Elem); err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return out, nil
	case schemas.Map:
		return dictToPlain(v, t)
	}
	return scalarToPlain(v, t)
}

func unionToPlain(v star.Value, t *schemas.Type) (any, error) {
	var first error
	for _, b := range t.Branches {
		out, err := toPlain(v, b)
		if err == nil {
			return out, nil
		}
		if first == nil || t.Optional == b {
			first = err
		}
	}
	return nil, first
}

func dictToPlain(v star.Value, t *schemas.Type) (any, error) {
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
		plain, err := toPlain(item, t.Elem)
		if err != nil {
			return nil, fmt.Errorf("[%q]: %w", key, err)
		}
		out[key] = plain
	}
	return out, nil
}

func scalarToPlain(v star.Value, t *schemas.Type) (any, error) {
	switch t.Kind {
	case schemas.Null:
		if v == star.None {
			return nil, nil
		}
		return nil, wrongType(v, "None")
	case schemas.Boolean:
		if b, ok := v.(star.Bool); ok {
			return bool(b), nil
		}
		return nil, wrongType(v, "True or False")
	case schemas.Int, schemas.Long:
		return integerToPlain(v, t)
	case schemas.Float, schemas.Double:
		if f, ok := star.AsFloat(v); ok {
			return f, nil
		}
		return nil, wrongType(v, "a number")
	case schemas.String:
		if s, ok := star.AsString(v); ok {
			return s, nil
		}
		return nil, wrongType(v, "a string")
	case schemas.Enum:
		s, ok := star.AsString(v)
		if !ok || !slices.Contains(t.Symbols, s) {
			return nil, fmt.Errorf("want one of %v, got %.60s", t.Symbols, v)
		}
		return s, nil
	case schemas.Bytes, schemas.Fixed:
		return bytesToPlain(v, t)
	}
	return nil, wrongType(v, "another type")
}

func integerToPlain(v star.Value, t *schemas.Type) (any, error) {
	if s, ok := star.AsString(v); ok && t.Logical == schemas.Date {
		day, err := time.Parse(dateLayout, s)
		if err != nil {
			return nil, fmt.Errorf("want a date YYYY-MM-DD, got %.40q", s)
		}
		return day.Unix() / secondsPerDay, nil
	}
	n, ok := v.(star.Int)
	if !ok {
		return nil, wrongType(v, "an int")
	}
	i, exact := n.Int64()
	if !exact || t.Kind == schemas.Int && (i > math.MaxInt32 || i < math.MinInt32) {
		bits := map[schemas.Kind]int{schemas.Int: 32, schemas.Long: 64}[t.Kind]
		return nil, errors.New("the number does not fit " + strconv.Itoa(bits) + " bits")
	}
	return i, nil
}

func bytesToPlain(v star.Value, t *schemas.Type) (any, error) {
	if t.Logical == schemas.Decimal {
		r, ok := asRat(v)
		if !ok {
			return nil, wrongType(v, "a decimal")
		}
		if n, exact := r.FloatPrec(); !exact || n > t.Scale {
			return nil, fmt.Errorf("%s has more than %d digits after the point", decimalText(r), t.Scale)
		}
		return r, nil
	}
	b, ok := v.(star.Bytes)
	if !ok {
		return nil, wrongType(v, "bytes")
	}
	if t.Kind == schemas.Fixed && len(b) != t.Size {
		return nil, fmt.Errorf("want %d bytes, got %d", t.Size, len(b))
	}
	return []byte(b), nil
}

func wrongType(v star.Value, want string) error { return fmt.Errorf("want %s, got %s", want, v.Type()) }

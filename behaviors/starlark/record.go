package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/partita-io/partita/schemas"
)

// A Record is an Avro record in a script: attributes are its fields.
type Record struct {
	typ    *schemas.Type
	values []star.Value
	frozen bool
	// own marks fields whose value is no part of a frozen record any more; others are copied when they are first touched.
	own []bool
	// budget pays for those copies; nil when the record is frozen.
	budget *budget
}

var (
	_ star.HasSetField = (*Record)(nil)
	_ star.Comparable  = (*Record)(nil)
)

// errReadOnly says why a frozen record refuses an assignment.
var errReadOnly = errors.New("this record is read-only; state is read-only in decide and changed in evolve_…, commands and events never change")

// thawed is a copy to be changed; what it holds is copied when it is first touched.
func (r *Record) thawed(b *budget) *Record {
	return &Record{typ: r.typ, values: slices.Clone(r.values), own: make([]bool, len(r.values)), budget: b}
}

// String shows the record as the constructor that would make it.
func (r *Record) String() string {
	var out strings.Builder
	out.WriteString(shortName(r.typ.Name) + "(")
	for i, f := range r.typ.Fields {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString(f.Name + " = " + r.values[i].String())
	}
	return out.String() + ")"
}

// Type is the record's name.
func (r *Record) Type() string { return shortName(r.typ.Name) }

// Truth is true: a record is never empty.
func (r *Record) Truth() star.Bool { return true }

// Freeze makes the record and all it holds immutable.
func (r *Record) Freeze() {
	if r.frozen {
		return
	}
	r.frozen, r.budget, r.own = true, nil, nil
	for _, v := range r.values {
		v.Freeze()
	}
}

// Hash hashes a frozen record by its fields.
func (r *Record) Hash() (uint32, error) {
	if !r.frozen {
		return 0, fmt.Errorf("unhashable: %s can still change", r.Type())
	}
	return star.Tuple(r.values).Hash()
}

// Attr is a field's value.
func (r *Record) Attr(name string) (star.Value, error) {
	i := r.typ.FieldIndex(name)
	if i < 0 {
		return nil, star.NoSuchAttrError(fmt.Sprintf("%s has no field %s", r.Type(), clipped(name, maxShownBytes))) // The interpreter adds what was meant.
	}
	if r.frozen || r.own[i] {
		return r.values[i], nil
	}
	value, err := thaw(r.values[i], r.budget)
	if err != nil {
		return nil, err
	}
	r.values[i], r.own[i] = value, true
	return value, nil
}

// AttrNames are the fields.
func (r *Record) AttrNames() []string { return fieldNames(r.typ) }

// SetField assigns a field, checked against the schema.
func (r *Record) SetField(name string, v star.Value) error {
	i := r.typ.FieldIndex(name)
	if i < 0 {
		return r.unknown(name)
	}
	if r.frozen {
		return errReadOnly
	}
	value, err := coerce(v, r.typ.Fields[i].Type, r.budget, 0)
	if err != nil {
		return fmt.Errorf("%s.%s: %w", r.Type(), name, err)
	}
	r.values[i], r.own[i] = value, false
	return nil
}

// CompareSameType compares records of one type field by field; they have no order.
func (r *Record) CompareSameType(op syntax.Token, other star.Value, depth int) (bool, error) {
	o := other.(*Record)
	if op != syntax.EQL && op != syntax.NEQ {
		return false, fmt.Errorf("%s %s %s: records have no order", r.Type(), op, o.Type())
	}
	equal := r.typ.Name == o.typ.Name && len(r.values) == len(o.values)
	for i := 0; equal && i < len(r.values); i++ {
		var err error
		if equal, err = star.EqualDepth(r.values[i], o.values[i], depth-1); err != nil {
			return false, err
		}
	}
	return equal == (op == syntax.EQL), nil
}

func (r *Record) unknown(name string) error {
	return fmt.Errorf("%s has no field %s%s", r.Type(), clipped(name, maxShownBytes), didYouMean(name, fieldNames(r.typ)))
}

func fieldNames(t *schemas.Type) []string {
	names := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		names[i] = f.Name
	}
	return names
}

// thaw is a changeable copy of a frozen container; anything else is returned as it is.
func thaw(v star.Value, b *budget) (star.Value, error) {
	switch v := v.(type) {
	case *Record:
		if v.frozen {
			return v.thawed(b), b.charge(shallow(v))
		}
	case *star.List:
		if isFrozenList(v) {
			return thawList(v, b)
		}
	case *star.Dict:
		if isFrozenDict(v) {
			return thawDict(v, b)
		}
	}
	return v, nil
}

func thawList(v *star.List, b *budget) (star.Value, error) {
	if err := b.charge(shallow(v)); err != nil {
		return nil, err
	}
	items := make([]star.Value, v.Len())
	for i := range items {
		var err error
		if items[i], err = thaw(v.Index(i), b); err != nil {
			return nil, err
		}
	}
	return star.NewList(items), nil
}

func thawDict(v *star.Dict, b *budget) (star.Value, error) {
	if err := b.charge(shallow(v)); err != nil {
		return nil, err
	}
	out := star.NewDict(v.Len())
	for k, item := range v.Entries() {
		item, err := thaw(item, b)
		if err != nil {
			return nil, err
		}
		_ = out.SetKey(k, item) // the key was hashed before, so it can be again
	}
	return out, nil
}

// isFrozenList asks by a change without effect: the library does not tell otherwise. Only what was just assigned to a field is asked, and
// a list that is being iterated then counts as frozen: the field gets a copy.
func isFrozenList(l *star.List) bool {
	if l.Len() == 0 {
		return l.Clear() != nil
	}
	return l.SetIndex(0, l.Index(0)) != nil
}

// isFrozenDict asks by deleting a key that cannot be there: None never is a key of an Avro map.
func isFrozenDict(d *star.Dict) bool {
	_, _, err := d.Delete(star.None)
	return err != nil
}

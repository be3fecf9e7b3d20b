package schemas

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/avro"
)

// Compatible tells whether what was written under the one schema can be read under the other; the error names the place.
//
// A changed logical type is refused, also another scale or precision of a decimal: the fingerprint, taken of the Parsing Canonical Form, knows
// nothing of them, so that values would be read as other ones without a sign.
func Compatible(writer, reader string) error {
	w, err := compile(writer)
	if err != nil {
		return fmt.Errorf("the older schema: %w", err)
	}
	r, err := compile(reader)
	if err != nil {
		return fmt.Errorf("the newer schema: %w", err)
	}
	return compatible(w, r)
}

func compatible(writer, reader *Message) error {
	err := avro.CheckCompatibility(writer.resolver, reader.resolver)
	var clash *avro.CompatibilityError
	if errors.As(err, &clash) {
		if clash.WriterType == "" {
			return fmt.Errorf("field %s: is new and has no default", clash.Path)
		}
		return fmt.Errorf("%s: was %s, is %s: %s", clash.Path, clash.WriterType, clash.ReaderType, clash.Detail)
	}
	if err != nil {
		return err
	}
	return sameMeaning(writer.Type, reader.Type, map[typePair]bool{})
}

type typePair struct{ writer, reader *Type }

// sameMeaning tells whether values of the two types, which Avro can resolve, have the same logical types all through.
func sameMeaning(w, r *Type, seen map[typePair]bool) error {
	if seen[typePair{w, r}] {
		return nil
	}
	seen[typePair{w, r}] = true
	switch {
	case w.Kind == Union:
		for _, branch := range w.Branches {
			if err := sameMeaning(branch, r, seen); err != nil {
				return err
			}
		}
		return nil
	case r.Kind == Union:
		if target := resolved(w, r); target != nil {
			return sameMeaning(w, target, seen)
		}
		return nil // no reader of this branch: Avro says so when such a value comes
	case w.Logical != r.Logical || w.Precision != r.Precision || w.Scale != r.Scale:
		return fmt.Errorf("was %s, is %s: values would be read as other ones; give the field of the new type a new name", describe(w), describe(r))
	case w.Kind == Record && r.Kind == Record:
		return sameFields(w, r, seen)
	case w.Elem != nil && r.Elem != nil:
		if err := sameMeaning(w.Elem, r.Elem, seen); err != nil {
			return at("[]", err)
		}
	}
	return nil
}

func sameFields(w, r *Type, seen map[typePair]bool) error {
	for i := range r.Fields {
		field := &r.Fields[i]
		j := w.FieldIndex(field.Name)
		for _, alias := range field.aliases {
			if j < 0 {
				j = w.FieldIndex(alias)
			}
		}
		if j < 0 {
			continue
		}
		if err := sameMeaning(w.Fields[j].Type, field.Type, seen); err != nil {
			return at(field.Name, err)
		}
	}
	return nil
}

// resolved is the branch of a reader's union that values of w are read as.
func resolved(w, union *Type) *Type {
	same := func(b *Type) bool {
		return b.Kind == w.Kind && (b.Name == w.Name || slices.Contains(b.aliases, w.Name))
	}
	alike := func(b *Type) bool { return b.Kind == w.Kind && (b.Name == "" || lastPart(b.Name) == lastPart(w.Name)) }
	promoted := func(b *Type) bool { return promotes(w.Kind, b.Kind) }
	for _, matches := range []func(*Type) bool{same, alike, promoted} {
		if i := slices.IndexFunc(union.Branches, matches); i >= 0 {
			return union.Branches[i]
		}
	}
	return nil
}

// promotes tells whether Avro reads a value of the one kind as one of the other.
func promotes(from, to Kind) bool {
	//exhaustive:ignore
	switch from {
	case Int, Long, Float:
		return to > from && to <= Double
	case String:
		return to == Bytes
	case Bytes:
		return to == String
	default:
		return false
	}
}

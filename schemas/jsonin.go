package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
)

func (c *Codec) decodeJSON(m *Message, data []byte, candidates []*Message) (*Message, any, error) {
	root, err := parseJSON(data)
	if err != nil {
		return nil, nil, malformed("%v", err)
	}
	named, hasType := root["type"].(string)
	if m == nil {
		if !hasType {
			return nil, nil, &entities.Failure{
				Code: entities.UnknownType, Message: `the record has no header ce_type and its value no "type": name the message in one of them`,
			}
		}
		if m, err = c.named(named, candidates); err != nil {
			return nil, nil, err
		}
	}
	if hasType && m.Type.FieldIndex("type") < 0 {
		if named != m.Name && named != m.FullName {
			return nil, nil, malformed("the header ce_type says %s, the value's \"type\" %.100q", m.Name, named)
		}
		delete(root, "type")
	}
	value, err := valueOf(m.Type, root, len(data))
	if err != nil {
		return nil, nil, malformed("record %s: %v", m.Name, err)
	}
	return m, value, nil
}

// ParseJSON reads JSON text of a record as a plain value, checked against the type.
func ParseJSON(t *Type, data []byte) (any, error) {
	root, err := parseJSON(data)
	if err != nil {
		return nil, err
	}
	return valueOf(t, root, len(data))
}

func valueOf(t *Type, root any, size int) (any, error) {
	r := jsonReader{steps: 10_000 + 20*size}
	return r.value(t, root)
}

// A jsonReader turns parsed JSON into plain values. steps bound the attempts at nested unions, which could double at each level.
type jsonReader struct{ steps int }

var errSteps = errors.New("the value fits too many branches of unions: name them, as {\"branch\": value}")

func (r *jsonReader) value(t *Type, value any) (any, error) {
	if r.steps--; r.steps < 0 {
		return nil, errSteps
	}
	switch t.Kind {
	case Null:
		if value == nil {
			return nil, nil
		}
	case Boolean:
		if b, ok := value.(bool); ok {
			return b, nil
		}
	case Int, Long:
		return integerOf(t, value)
	case Float, Double:
		return floatOf(t, value)
	case String, Enum:
		if s, ok := value.(string); ok {
			return s, checkString(t, s)
		}
	case Bytes, Fixed:
		return bytesOf(t, value)
	case Array:
		if items, ok := value.([]any); ok {
			return r.items(t, items)
		}
	case Map:
		if members, ok := value.(object); ok {
			return r.entries(t, members)
		}
	case Record:
		if members, ok := value.(object); ok {
			return r.record(t, members)
		}
	case Union:
		return r.union(t, value)
	}
	return nil, mismatch(t, value)
}

func mismatch(t *Type, value any) error {
	got := "an object"
	switch value := value.(type) {
	case nil:
		got = "null"
	case bool:
		got = strconv.FormatBool(value)
	case json.Number:
		got = fmt.Sprintf("%.40s", value.String())
	case string:
		got = fmt.Sprintf("the string %.40q", value)
	case []any:
		got = "an array"
	}
	return fmt.Errorf("want %s, got %s", describe(t), got)
}

func (r *jsonReader) items(t *Type, items []any) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		value, err := r.value(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%d]", i), err)
		}
		out[i] = value
	}
	return out, nil
}

func (r *jsonReader) entries(t *Type, members object) (any, error) {
	out := make(map[string]any, len(members))
	for key, member := range members {
		value, err := r.value(t.Elem, member)
		if err != nil {
			return nil, at(fmt.Sprintf("[%q]", key), err)
		}
		out[key] = value
	}
	return out, nil
}

func (r *jsonReader) record(t *Type, members object) (any, error) {
	record := make([]any, len(t.Fields))
	found := 0
	for i := range t.Fields {
		field := &t.Fields[i]
		member, ok := members[field.Name]
		if !ok {
			if !field.HasDefault {
				return nil, missingField(t, field, members)
			}
			record[i] = clone(field.Default)
			continue
		}
		found++
		value, err := r.value(field.Type, member)
		if err != nil {
			return nil, at(field.Name, err)
		}
		record[i] = value
	}
	if found == len(members) {
		return record, nil
	}
	return nil, unknownField(t, members)
}

// missingField names a field that does not exist before one that is missing: mostly it is the same one, misspelled.
func missingField(t *Type, field *Field, members object) error {
	if err := unknownField(t, members); err != nil {
		return err
	}
	return fmt.Errorf("field %s is missing and has no default", field.Name)
}

// unknownField is nil if the record has all the fields.
func unknownField(t *Type, members object) error {
	var unknown []string
	for key := range members {
		if t.FieldIndex(key) < 0 {
			unknown = append(unknown, key)
		}
	}
	if unknown == nil {
		return nil
	}
	return &unknownFieldError{record: t, name: slices.Min(unknown)}
}

// An unknownFieldError looks for what was meant only when it is shown: of a union's branches all but one may fail for each value.
type unknownFieldError struct {
	record *Type
	name   string
}

func (e *unknownFieldError) Error() string {
	names := make([]string, len(e.record.Fields))
	for i := range e.record.Fields {
		names[i] = e.record.Fields[i].Name
	}
	return fmt.Sprintf("record %s has no field %.100q%s", lastPart(e.record.Name), e.name, spelling.DidYouMean(e.name, names))
}

func (r *jsonReader) union(t *Type, value any) (any, error) {
	if t.Optional != nil {
		if value == nil {
			return nil, nil
		}
		return r.value(t.Optional, value)
	}
	if members, ok := value.(object); ok && t.tagged && len(members) == 1 {
		for tag, inner := range members {
			for _, branch := range t.Branches {
				if branch.avroName == tag || branch.Name != "" && lastPart(branch.Name) == tag {
					return r.branch(t, branch, inner)
				}
			}
		}
	}
	var last error
	for _, branch := range t.Branches {
		plain, err := r.branch(t, branch, value)
		if err == nil || errors.Is(err, errSteps) {
			return plain, err
		}
		last = err
	}
	return nil, fmt.Errorf("%w; the last branch says: %w", mismatch(t, value), last)
}

func (r *jsonReader) branch(t, branch *Type, value any) (any, error) {
	plain, err := r.value(branch, value)
	if err == nil && t.wrapped && branch.Kind == Record {
		return Branch{Name: branch.Name, Value: plain}, nil
	}
	return plain, err
}

package schemas

import (
	"errors"
	"fmt"
)

// A writtenDefault is a default as the schema has it.
type writtenDefault struct {
	value      any
	converting bool
}

// convertDefault works out Default, once. The default of a record leans on those of its fields, wherever these are defined, so it asks for them
// on the way.
func (f *Field) convertDefault() error {
	if f.written == nil {
		return nil
	}
	if f.written.converting {
		return errors.New("it holds itself without end")
	}
	f.written.converting = true
	value, err := plainDefault(f.Type, f.written.value)
	if err != nil {
		return err
	}
	f.Default, f.written = value, nil
	return nil
}

// plainDefault turns a default, whose unions are untagged, into a plain value.
func plainDefault(t *Type, value any) (any, error) {
	//exhaustive:ignore
	switch t.Kind {
	case Array:
		if items, ok := value.([]any); ok {
			return defaultItems(t, items)
		}
	case Map:
		if entries, ok := value.(map[string]any); ok {
			return defaultEntries(t, entries)
		}
	case Record:
		if fields, ok := value.(map[string]any); ok {
			return defaultRecord(t, fields)
		}
	case Union:
		return defaultBranch(t, value)
	default:
		converted, err := plain(t, value)
		if err != nil {
			return nil, err
		}
		return converted, checkScalar(t, converted)
	}
	return nil, unfit(t, value)
}

func defaultItems(t *Type, items []any) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		converted, err := plainDefault(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%d]", i), err)
		}
		out[i] = converted
	}
	return out, nil
}

func defaultEntries(t *Type, entries map[string]any) (any, error) {
	out := make(map[string]any, len(entries))
	for key, item := range entries {
		converted, err := plainDefault(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%q]", key), err)
		}
		out[key] = converted
	}
	return out, nil
}

// defaultBranch is the default of a union, which belongs to its first branch, as Avro has it.
func defaultBranch(t *Type, value any) (any, error) {
	converted, err := plainDefault(t.Branches[0], value)
	if err != nil {
		return nil, fmt.Errorf("%w: the default of a union belongs to its first branch", err)
	}
	if t.wrapped && t.Branches[0].Kind == Record {
		return Branch{Name: t.Branches[0].Name, Value: converted}, nil
	}
	return converted, nil
}

func defaultRecord(t *Type, fields map[string]any) (any, error) {
	record := make([]any, len(t.Fields))
	for i := range t.Fields {
		field := &t.Fields[i]
		value, ok := fields[field.Name]
		if !ok {
			if !field.HasDefault {
				return nil, fmt.Errorf("field %s is missing", field.Name)
			}
			if err := field.convertDefault(); err != nil {
				return nil, at(field.Name, err)
			}
			record[i] = clone(field.Default)
			continue
		}
		converted, err := plainDefault(field.Type, value)
		if err != nil {
			return nil, at(field.Name, err)
		}
		record[i] = converted
	}
	return record, nil
}

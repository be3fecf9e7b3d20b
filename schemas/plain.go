package schemas

import (
	"bytes"
	"fmt"
	"slices"
)

// plain turns goavro's or twmb/avro's value into the plain one.
func plain(t *Type, value any) (any, error) {
	if t.direct {
		return value, nil
	}
	//exhaustive:ignore
	switch t.Kind {
	case Int, Long:
		return plainInteger(t, value)
	case Float:
		if f, ok := value.(float32); ok {
			return float64(f), nil
		}
		return value, nil
	case String:
		if s, ok := value.(string); ok {
			return s, checkString(t, s)
		}
	case Bytes, Fixed:
		if data, ok := value.([]byte); ok {
			return plainBytes(t, data)
		}
	case Array:
		if items, ok := value.([]any); ok {
			return plainItems(t, items)
		}
	case Map:
		if entries, ok := value.(map[string]any); ok {
			return plainEntries(t, entries)
		}
	case Record:
		if fields, ok := value.(map[string]any); ok {
			return plainRecord(t, fields)
		}
	case Union:
		return plainUnion(t, value)
	}
	return nil, unfit(t, value)
}

func plainInteger(t *Type, value any) (any, error) {
	var n int64
	switch value := value.(type) {
	case int32:
		n = int64(value)
	case int64:
		n = value
	default:
		return nil, unfit(t, value)
	}
	return n, checkInteger(t, n)
}

func plainBytes(t *Type, data []byte) (any, error) {
	if t.Logical == Decimal {
		return decimalOf(t, data)
	}
	// goavro's slice is a part of the message: a copy lets go of it.
	return bytes.Clone(data), nil
}

// plainItems and plainEntries use up the container they are given.
func plainItems(t *Type, items []any) (any, error) {
	for i, item := range items {
		converted, err := plain(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%d]", i), err)
		}
		items[i] = converted
	}
	return items, nil
}

func plainEntries(t *Type, entries map[string]any) (any, error) {
	for key, item := range entries {
		converted, err := plain(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%q]", key), err)
		}
		entries[key] = converted
	}
	return entries, nil
}

func plainRecord(t *Type, fields map[string]any) (any, error) {
	record := make([]any, len(t.Fields))
	for i := range t.Fields {
		converted, err := plain(t.Fields[i].Type, fields[t.Fields[i].Name])
		if err != nil {
			return nil, at(t.Fields[i].Name, err)
		}
		record[i] = converted
	}
	return record, nil
}

func plainUnion(t *Type, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	wrapper, ok := value.(map[string]any)
	if !ok || len(wrapper) != 1 {
		return nil, unfit(t, value)
	}
	for name, inner := range wrapper {
		i := slices.IndexFunc(t.Branches, func(b *Type) bool { return b.goavroName == name || b.avroName == name })
		if i < 0 {
			return nil, fmt.Errorf("the union has no branch %s", name)
		}
		converted, err := plain(t.Branches[i], inner)
		if err != nil {
			return nil, err
		}
		if t.wrapped && t.Branches[i].Kind == Record {
			return Branch{Name: t.Branches[i].Name, Value: converted}, nil
		}
		return converted, nil
	}
	return nil, nil
}

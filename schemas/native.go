package schemas

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"
)

// native turns a plain value into goavro's form, checking it against the type on the way.
func native(t *Type, value any) (any, error) {
	switch t.Kind {
	case Null:
		if value == nil {
			return nil, nil
		}
	case Boolean:
		if _, ok := value.(bool); ok {
			return value, nil
		}
	case Int, Long:
		if n, ok := value.(int64); ok {
			return value, checkInteger(t, n)
		}
	case Float, Double:
		if _, ok := value.(float64); ok {
			return value, nil
		}
	case String, Enum:
		if s, ok := value.(string); ok {
			return value, checkString(t, s)
		}
	case Bytes, Fixed:
		return nativeBytes(t, value)
	case Array:
		if items, ok := value.([]any); ok {
			return nativeItems(t, items)
		}
	case Map:
		if entries, ok := value.(map[string]any); ok {
			return nativeEntries(t, entries)
		}
	case Record:
		if fields, ok := value.([]any); ok {
			return nativeRecord(t, fields)
		}
	case Union:
		return nativeUnion(t, value)
	}
	return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
}

func nativeBytes(t *Type, value any) (any, error) {
	if t.Logical == Decimal {
		if r, ok := value.(*big.Rat); ok && r != nil {
			return decimalBytes(t, r)
		}
		return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
	}
	data, ok := value.([]byte)
	if !ok {
		return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
	}
	if t.Kind == Fixed && len(data) != t.Size {
		return nil, fmt.Errorf("want %d bytes, got %d", t.Size, len(data))
	}
	return data, nil
}

func nativeItems(t *Type, items []any) (any, error) {
	out := items
	if !t.direct {
		out = make([]any, len(items))
	}
	for i, item := range items {
		converted, err := native(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%d]", i), err)
		}
		if !t.direct {
			out[i] = converted
		}
	}
	return out, nil
}

func nativeEntries(t *Type, entries map[string]any) (any, error) {
	out := entries
	if !t.direct {
		out = make(map[string]any, len(entries))
	}
	for key, item := range entries {
		if !utf8.ValidString(key) {
			return nil, fmt.Errorf("map key %q is not valid UTF-8", key)
		}
		converted, err := native(t.Elem, item)
		if err != nil {
			return nil, at(fmt.Sprintf("[%q]", key), err)
		}
		if !t.direct {
			out[key] = converted
		}
	}
	return out, nil
}

func nativeRecord(t *Type, fields []any) (any, error) {
	if len(fields) != len(t.Fields) {
		return nil, fmt.Errorf("record %s has %d fields, got %d values", t.Name, len(t.Fields), len(fields))
	}
	record := make(map[string]any, len(fields))
	for i := range t.Fields {
		converted, err := native(t.Fields[i].Type, fields[i])
		if err != nil {
			return nil, at(t.Fields[i].Name, err)
		}
		record[t.Fields[i].Name] = converted
	}
	return record, nil
}

func nativeUnion(t *Type, value any) (any, error) {
	if t.Optional != nil {
		if value == nil {
			return nil, nil
		}
		converted, err := native(t.Optional, value)
		if err != nil {
			return nil, err
		}
		return map[string]any{t.Optional.goavroName: converted}, nil
	}
	branch, value, err := branchOf(t, value)
	if err != nil || branch.Kind == Null {
		return nil, err
	}
	converted, err := native(branch, value)
	if err != nil {
		return nil, err
	}
	return map[string]any{branch.goavroName: converted}, nil
}

// branchOf is the first branch that takes the value, and the value without its Branch.
func branchOf(t *Type, value any) (*Type, any, error) {
	if named, ok := value.(Branch); ok {
		for _, branch := range t.Branches {
			if branch.Kind == Record && (branch.Name == named.Name || lastPart(branch.Name) == named.Name) {
				return branch, named.Value, nil
			}
		}
		return nil, nil, fmt.Errorf("the union has no record %s", named.Name)
	}
	for _, branch := range t.Branches {
		if accepts(branch, value) {
			return branch, value, nil
		}
	}
	return nil, nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
}

// accepts tells whether a union's branch can hold the value without changing it. Whether its parts are right is found on encoding, once, so
// that nested unions cost no more than the value is large.
func accepts(t *Type, value any) bool {
	switch t.Kind {
	case Float:
		f, ok := value.(float64)
		return ok && (math.IsNaN(f) || float64(float32(f)) == f)
	case Array, Record:
		_, ok := value.([]any)
		return ok
	case Map:
		_, ok := value.(map[string]any)
		return ok
	default:
		_, err := native(t, value)
		return err == nil
	}
}

// plain turns goavro's or twmb/avro's value into the plain one.
func plain(t *Type, value any) (any, error) {
	if t.direct {
		return value, nil
	}
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
	default:
	}
	return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
}

func plainInteger(t *Type, value any) (any, error) {
	var n int64
	switch value := value.(type) {
	case int32:
		n = int64(value)
	case int64:
		n = value
	default:
		return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
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
		return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
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

// plainDefault turns a default, whose unions are untagged, into a plain value.
func plainDefault(t *Type, value any) (any, error) {
	switch t.Kind {
	case Array:
		items, ok := value.([]any)
		if !ok {
			break
		}
		out := make([]any, len(items))
		for i, item := range items {
			converted, err := plainDefault(t.Elem, item)
			if err != nil {
				return nil, at(fmt.Sprintf("[%d]", i), err)
			}
			out[i] = converted
		}
		return out, nil
	case Map:
		entries, ok := value.(map[string]any)
		if !ok {
			break
		}
		out := make(map[string]any, len(entries))
		for key, item := range entries {
			converted, err := plainDefault(t.Elem, item)
			if err != nil {
				return nil, at(fmt.Sprintf("[%q]", key), err)
			}
			out[key] = converted
		}
		return out, nil
	case Record:
		if fields, ok := value.(map[string]any); ok {
			return defaultRecord(t, fields)
		}
	case Union:
		// Avro: the default of a union belongs to its first branch.
		converted, err := plainDefault(t.Branches[0], value)
		if err != nil {
			return nil, fmt.Errorf("%w: the default of a union belongs to its first branch", err)
		}
		if t.wrapped && t.Branches[0].Kind == Record {
			return Branch{Name: t.Branches[0].Name, Value: converted}, nil
		}
		return converted, nil
	default:
		converted, err := plain(t, value)
		if err != nil {
			return nil, err
		}
		_, err = native(t, converted)
		return converted, err
	}
	return nil, fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
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

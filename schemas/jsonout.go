package schemas

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends a plain value as JSON: fields in schema order, map keys sorted, unions untagged unless the form does not tell the branch,
// longs and timestamps as digits, decimals as strings, dates as YYYY-MM-DD, bytes as base64.
func AppendJSON(dst []byte, t *Type, value any) ([]byte, error) {
	return appendJSON(dst, t, value, 0)
}

func appendJSON(dst []byte, t *Type, value any, depth int) ([]byte, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	//exhaustive:ignore
	switch t.Kind {
	case Array:
		if items, ok := value.([]any); ok {
			return appendItems(dst, t, items, depth)
		}
	case Map:
		if entries, ok := value.(map[string]any); ok {
			return appendEntries(dst, t, entries, depth)
		}
	case Record:
		if fields, ok := value.([]any); ok && len(fields) == len(t.Fields) {
			return appendRecord(dst, t, fields, depth)
		}
	case Union:
		return appendUnion(dst, t, value, depth)
	default:
		if err := checkScalar(t, value); err != nil {
			return nil, err
		}
		return appendScalar(dst, t, value)
	}
	return nil, unfit(t, value)
}

func appendScalar(dst []byte, t *Type, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, value), nil
	case int64:
		if t.Logical == Date {
			day := time.Unix(value*86400, 0).UTC()
			if day.Year() >= 0 && day.Year() <= 9999 {
				return append(day.AppendFormat(append(dst, '"'), time.DateOnly), '"'), nil
			}
		}
		return strconv.AppendInt(dst, value, 10), nil
	case float64:
		return appendFloat(dst, t, value), nil
	case string:
		return appendString(dst, value), nil
	case []byte:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), value), '"'), nil
	case *big.Rat:
		return append(append(append(dst, '"'), value.FloatString(t.Scale)...), '"'), nil
	}
	return nil, unfit(t, value)
}

func appendFloat(dst []byte, t *Type, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(dst, `"-Infinity"`...)
	case t.Kind == Float:
		return strconv.AppendFloat(dst, float64(float32(f)), 'g', -1, 32)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string has no way to fail
			return append(dst, quoted...)
		}
	}
	return append(append(append(dst, '"'), s...), '"')
}

func appendItems(dst []byte, t *Type, items []any, depth int) (out []byte, err error) {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, t.Elem, item, depth+1); err != nil {
			return nil, at(fmt.Sprintf("[%d]", i), err)
		}
	}
	return append(dst, ']'), nil
}

func appendEntries(dst []byte, t *Type, entries map[string]any, depth int) (out []byte, err error) {
	dst = append(dst, '{')
	for i, key := range slices.Sorted(maps.Keys(entries)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, key), ':')
		if dst, err = appendJSON(dst, t.Elem, entries[key], depth+1); err != nil {
			return nil, at(fmt.Sprintf("[%q]", key), err)
		}
	}
	return append(dst, '}'), nil
}

func appendRecord(dst []byte, t *Type, fields []any, depth int) (out []byte, err error) {
	dst = append(dst, '{')
	for i := range t.Fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, t.Fields[i].Name), ':')
		if dst, err = appendJSON(dst, t.Fields[i].Type, fields[i], depth+1); err != nil {
			return nil, at(t.Fields[i].Name, err)
		}
	}
	return append(dst, '}'), nil
}

func appendUnion(dst []byte, t *Type, value any, depth int) ([]byte, error) {
	i, value, err := branchOf(t, value)
	if err != nil {
		return nil, err
	}
	branch := t.Branches[i]
	if !t.tagged || branch.Kind == Null {
		return appendJSON(dst, branch, value, depth+1)
	}
	dst = append(appendString(append(dst, '{'), branch.avroName), ':')
	if dst, err = appendJSON(dst, branch, value, depth+1); err != nil {
		return nil, err
	}
	return append(dst, '}'), nil
}

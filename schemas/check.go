package schemas

import (
	"fmt"
	"math"
	"math/big"
	"slices"
)

func unfit(t *Type, value any) error {
	return fmt.Errorf("want %s, got %s", describe(t), describeValue(value))
}

// checkScalar tells whether value is one of t, which is neither array, map, record nor union.
func checkScalar(t *Type, value any) error {
	if !hasForm(t, value) {
		return unfit(t, value)
	}
	switch value := value.(type) {
	case int64:
		return checkInteger(t, value)
	case string:
		return checkString(t, value)
	case []byte:
		if t.Kind == Fixed && len(value) != t.Size {
			return fmt.Errorf("want %d bytes, got %d", t.Size, len(value))
		}
	case *big.Rat:
		_, err := decimalBytes(t, value)
		return err
	}
	return nil
}

// hasForm tells whether the Go type of value is that of t's plain values.
func hasForm(t *Type, value any) bool {
	switch value := value.(type) {
	case nil:
		return t.Kind == Null
	case bool:
		return t.Kind == Boolean
	case int64:
		return t.Kind == Int || t.Kind == Long
	case float64:
		return t.Kind == Float || t.Kind == Double
	case string:
		return t.Kind == String || t.Kind == Enum
	case []byte:
		return (t.Kind == Bytes || t.Kind == Fixed) && t.Logical != Decimal
	case *big.Rat:
		return value != nil && t.Logical == Decimal
	case []any:
		return t.Kind == Array || t.Kind == Record
	case map[string]any:
		return t.Kind == Map
	}
	return false
}

// branchOf is the place of the first branch that takes the value, and the value without its Branch.
func branchOf(t *Type, value any) (int, any, error) {
	if named, ok := value.(Branch); ok {
		for i, branch := range t.Branches {
			if branch.Kind == Record && (branch.Name == named.Name || lastPart(branch.Name) == named.Name) {
				return i, named.Value, nil
			}
		}
		return 0, nil, fmt.Errorf("the union has no record %s", named.Name)
	}
	// A record among arrays comes as Branch: a bare list is an array.
	isArray := func(b *Type) bool { return b.Kind == Array }
	list := t.wrapped && slices.ContainsFunc(t.Branches, isArray)
	for i, branch := range t.Branches {
		if list && branch.Kind == Record {
			continue
		}
		if branch == t.Optional && value != nil || accepts(branch, value) {
			return i, value, nil
		}
	}
	return 0, nil, unfit(t, value)
}

// accepts tells whether a union's branch can hold the value without changing it. Whether its parts are right is found on encoding, once, so
// that nested unions cost no more than the value is large.
func accepts(t *Type, value any) bool {
	if !hasForm(t, value) {
		return false
	}
	//exhaustive:ignore
	switch t.Kind {
	case Float:
		f, _ := value.(float64)
		return math.IsNaN(f) || float64(float32(f)) == f
	case Array, Map, Record:
		return true
	default:
		return checkScalar(t, value) == nil
	}
}

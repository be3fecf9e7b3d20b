package schemas

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// A pathError says at which field or item of a value something is wrong.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return "field " + e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// at puts a field's name or an index in front of the path of err.
func at(step string, err error) error {
	var inner *pathError
	if !errors.As(err, &inner) {
		return &pathError{path: step, err: err}
	}
	if !strings.HasPrefix(inner.path, "[") {
		step += "."
	}
	return &pathError{path: step + inner.path, err: inner.err}
}

var kindNames = [...]string{
	"null", "boolean", "int", "long", "float", "double", "string", "bytes", "fixed", "enum", "array", "map", "record", "union",
}

func describe(t *Type) string {
	switch {
	case t.Kind == Union:
		names := make([]string, len(t.Branches))
		for i, branch := range t.Branches {
			names[i] = describe(branch)
		}
		return strings.Join(names, " or ")
	case t.Name != "" && t.Logical == NoLogical:
		return kindNames[t.Kind] + " " + lastPart(t.Name)
	case t.Logical == Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	}
	for name, logical := range logicals {
		if logical == t.Logical {
			return name
		}
	}
	return kindNames[t.Kind]
}

func describeValue(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool, int64, float64:
		return fmt.Sprint(value)
	case string:
		return fmt.Sprintf("the string %.40q", value)
	case []byte:
		return "bytes"
	case *big.Rat:
		return "a decimal"
	case []any:
		return "a list or record"
	case map[string]any:
		return "a map"
	case Branch:
		return "a record " + value.Name
	}
	return fmt.Sprintf("a %T", value)
}

package starlark

import (
	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// compared are the operators that look at all of their operands. Their work is counted in steps.
var compared = map[syntax.Token]bool{
	syntax.EQL: true, syntax.NEQ: true, syntax.LT: true, syntax.LE: true, syntax.GT: true, syntax.GE: true, syntax.IN: true, syntax.NOT_IN: true,
}

// bytesPerStep is how much of a text one step looks at.
const bytesPerStep = 256

func guardedCompare(t *star.Thread, op syntax.Token, x, y star.Value) (star.Value, error) {
	if err := compareWork(t, x, y); err != nil {
		return nil, err
	}
	switch op {
	case syntax.IN:
		return star.Binary(op, x, y)
	case syntax.NOT_IN:
		found, err := star.Binary(syntax.IN, x, y)
		if err != nil {
			return nil, err
		}
		return !found.Truth(), nil
	}
	x, y, err := sameNumbers(x, y)
	if err != nil {
		return nil, err
	}
	result, err := star.Compare(op, x, y)
	return star.Bool(result), err
}

// sameNumbers makes an int beside a decimal a decimal.
func sameNumbers(x, y star.Value) (star.Value, star.Value, error) {
	_, dx := x.(Decimal)
	_, dy := y.(Decimal)
	if dx == dy {
		return x, y, nil
	}
	for _, v := range []star.Value{x, y} {
		if _, isFloat := v.(star.Float); isFloat {
			return nil, nil, errFloatMixed
		}
	}
	if rx, ok := asRat(x); ok {
		if ry, ok := asRat(y); ok {
			return Decimal{rx}, Decimal{ry}, nil
		}
	}
	return x, y, nil
}

// compareWork counts what comparing the two, or looking for x in y, can take: of values that share parts, almost without end.
func compareWork(t *star.Thread, x, y star.Value) error {
	b := budgetOf(t)
	switch y := y.(type) {
	case *star.Dict:
		if _, both := x.(*star.Dict); !both {
			return b.charge(keySize(x, b.left))
		}
	case star.String:
		if x, ok := x.(star.String); ok {
			return b.work(int64(max(len(x), len(y))) / bytesPerStep)
		}
	}
	if isScalar(x) && isScalar(y) {
		return nil
	}
	most := int64(b.steps) * bytesPerStep
	if isScalar(x) {
		x = y
	}
	return b.work(deep(x, most, 0)/bytesPerStep + shallow(y)/bytesPerStep)
}

func isScalar(v star.Value) bool {
	switch v.(type) {
	case *star.List, star.Tuple, *star.Dict, *Record, star.Bytes:
		return false
	}
	return true
}

// keySize is what hashing v takes.
func keySize(v star.Value, left int64) int64 {
	switch v.(type) {
	case star.Tuple, *Record:
		return deep(v, left, 0)
	}
	return 0
}

// hashable is a key of a dict, its hashing charged.
func hashable(t *star.Thread, _ *star.Builtin, args star.Tuple, _ []star.Tuple) (star.Value, error) {
	return args[0], charge(t, keySize(args[0], budgetOf(t).left))
}

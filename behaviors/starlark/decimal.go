package starlark

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/big"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A Decimal is an exact number. +, -, *, / and comparisons work between decimals and ints and are exact; a result that does not fit the
// scale of the field it is put in is refused there. Floats never mix in.
type Decimal struct{ rat *big.Rat }

var (
	_ star.HasBinary  = Decimal{}
	_ star.HasUnary   = Decimal{}
	_ star.Comparable = Decimal{}
)

// String shows all digits, or a fraction where they have no end.
func (d Decimal) String() string { return fmt.Sprintf("decimal(%q)", decimalText(d.rat)) }

// Type is "decimal".
func (d Decimal) Type() string { return "decimal" }

// Freeze has nothing to do: decimals never change.
func (d Decimal) Freeze() {}

// Truth is false for zero.
func (d Decimal) Truth() star.Bool { return d.rat.Sign() != 0 }

// Hash hashes the number.
func (d Decimal) Hash() (uint32, error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(d.rat.RatString()))
	return h.Sum32(), nil
}

// Unary is + and -.
func (d Decimal) Unary(op syntax.Token) (star.Value, error) {
	switch op {
	case syntax.PLUS:
		return d, nil
	case syntax.MINUS:
		return Decimal{new(big.Rat).Neg(d.rat)}, nil
	default:
		return nil, nil
	}
}

// Binary is arithmetic with another decimal or an int. A quotient must end within 34 digits: what 10/3 should be rounded to is for the
// script to say.
func (d Decimal) Binary(op syntax.Token, other star.Value, side star.Side) (star.Value, error) {
	if _, isFloat := other.(star.Float); isFloat {
		return nil, errFloatMixed
	}
	o, ok := asRat(other)
	if !ok {
		return nil, nil
	}
	x, y := d.rat, o
	if side == star.Right {
		x, y = o, d.rat
	}
	switch op {
	case syntax.PLUS:
		return exactDecimal(new(big.Rat).Add(x, y))
	case syntax.MINUS:
		return exactDecimal(new(big.Rat).Sub(x, y))
	case syntax.STAR:
		return exactDecimal(new(big.Rat).Mul(x, y))
	case syntax.SLASH:
		if y.Sign() == 0 {
			return nil, errors.New("decimal division by zero")
		}
		q := new(big.Rat).Quo(x, y)
		if n, exact := q.FloatPrec(); !exact || n > maxQuotientDigits {
			return nil, fmt.Errorf("decimal division does not end within %d digits: divide with ints, as in cents // 3", maxQuotientDigits)
		}
		return exactDecimal(q)
	default:
		return nil, nil
	}
}

const maxQuotientDigits = 34

var errFloatMixed = errors.New("a decimal and a float do not mix: a float is not exact")

func exactDecimal(r *big.Rat) (star.Value, error) {
	if r.Num().BitLen()+r.Denom().BitLen() > 8*maxDecimalDigits {
		return nil, fmt.Errorf("%w: a decimal has at most %d digits", errSizeLimit, maxDecimalDigits)
	}
	return Decimal{r}, nil
}

// CompareSameType orders decimals.
func (d Decimal) CompareSameType(op syntax.Token, other star.Value, _ int) (bool, error) {
	c := d.rat.Cmp(other.(Decimal).rat)
	switch op {
	case syntax.EQL:
		return c == 0, nil
	case syntax.NEQ:
		return c != 0, nil
	case syntax.LT:
		return c < 0, nil
	case syntax.LE:
		return c <= 0, nil
	case syntax.GT:
		return c > 0, nil
	default:
		return c >= 0, nil
	}
}

func asRat(v star.Value) (*big.Rat, bool) {
	switch v := v.(type) {
	case Decimal:
		return v.rat, true
	case star.Int:
		return new(big.Rat).SetInt(v.BigInt()), true
	}
	return nil, false
}

func decimalText(r *big.Rat) string {
	if n, exact := r.FloatPrec(); exact {
		return r.FloatString(n)
	}
	return r.RatString()
}

// maxDecimalDigits bounds the text that decimal() reads, exponents included: "1e999999999" would be a number of a gigabyte.
const maxDecimalDigits = 1000

func newDecimal(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var v star.Value
	if err := star.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &v); err != nil {
		return nil, err
	}
	if r, ok := asRat(v); ok {
		return exactDecimal(r)
	}
	s, ok := star.AsString(v)
	if !ok {
		return nil, fmt.Errorf("decimal: want a string or an int, got %s: write decimal(\"12.30\")", v.Type())
	}
	if r, ok := parseDecimal(s); ok {
		return Decimal{r}, nil
	}
	return nil, fmt.Errorf("decimal: %s is not a number like \"12.30\"", quoted(s))
}

func parseDecimal(s string) (*big.Rat, bool) {
	if len(s) > maxDecimalDigits {
		return nil, false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

package starlark

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/schemas"
)

func scalarToPlain(v star.Value, t *schemas.Type) (any, error) {
	switch t.Kind {
	case schemas.Null:
		if v == star.None {
			return nil, nil
		}
		return nil, wrongType(v, "None")
	case schemas.Boolean:
		if b, ok := v.(star.Bool); ok {
			return bool(b), nil
		}
		return nil, wrongType(v, "True or False")
	case schemas.Int, schemas.Long:
		return integerToPlain(v, t)
	case schemas.Float, schemas.Double:
		if f, ok := asFloat(v); ok {
			return f, nil
		}
		return nil, wrongType(v, "a number")
	case schemas.String:
		if s, ok := star.AsString(v); ok && utf8.ValidString(s) {
			return s, nil
		} else if ok {
			return nil, errors.New("the string is not valid UTF-8: use bytes")
		}
		return nil, wrongType(v, "a string")
	case schemas.Enum:
		s, ok := star.AsString(v)
		if !ok || !slices.Contains(t.Symbols, s) {
			return nil, fmt.Errorf("want one of %s, got %s", clipped(strings.Join(t.Symbols, ", "), maxShownBytes), shown(v))
		}
		return s, nil
	case schemas.Bytes, schemas.Fixed:
		return bytesToPlain(v, t)
	default:
		return nil, wrongType(v, "another type")
	}
}

func integerToPlain(v star.Value, t *schemas.Type) (any, error) {
	if s, ok := star.AsString(v); ok && t.Logical == schemas.Date {
		day, err := time.Parse(dateLayout, s)
		if err != nil {
			return nil, fmt.Errorf("want a date YYYY-MM-DD, got %s", quoted(s))
		}
		return day.Unix() / secondsPerDay, nil
	}
	n, ok := v.(star.Int)
	if !ok {
		return nil, wrongType(v, "an int")
	}
	i, exact := n.Int64()
	if !exact || t.Kind == schemas.Int && (i > math.MaxInt32 || i < math.MinInt32) {
		bits := map[schemas.Kind]int{schemas.Int: 32, schemas.Long: 64}[t.Kind]
		return nil, errors.New("the number does not fit " + strconv.Itoa(bits) + " bits")
	}
	return i, nil
}

func bytesToPlain(v star.Value, t *schemas.Type) (any, error) {
	if t.Logical == schemas.Decimal {
		r, ok := asRat(v)
		if !ok {
			return nil, wrongType(v, "a decimal")
		}
		if n, exact := r.FloatPrec(); !exact || n > t.Scale {
			return nil, fmt.Errorf("%s has more than %d digits after the point", clipped(decimalText(r), maxShownBytes), t.Scale)
		}
		return r, nil
	}
	b, ok := v.(star.Bytes)
	if !ok {
		return nil, wrongType(v, "bytes")
	}
	if t.Kind == schemas.Fixed && len(b) != t.Size {
		return nil, fmt.Errorf("want %d bytes, got %d", t.Size, len(b))
	}
	return []byte(b), nil
}

func asFloat(v star.Value) (float64, bool) {
	if n, ok := v.(star.Int); ok {
		f := float64(n.Float())
		return f, !math.IsInf(f, 0)
	}
	f, ok := v.(star.Float)
	return float64(f), ok
}

func wrongType(v star.Value, want string) error { return fmt.Errorf("want %s, got %s", want, v.Type()) }

package schemas

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

func integerOf(t *Type, value any) (any, error) {
	if s, ok := value.(string); ok && t.Logical != NoLogical {
		n, err := parseTime(t, s)
		if err != nil {
			return nil, err
		}
		return n, checkInteger(t, n)
	}
	number, ok := value.(json.Number)
	if !ok {
		return nil, mismatch(t, value)
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil {
		f, floatErr := number.Float64()
		if floatErr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 || !strings.ContainsAny(number.String(), ".eE") {
			return nil, mismatch(t, value)
		}
		n = int64(f)
	}
	return n, checkInteger(t, n)
}

func floatOf(t *Type, value any) (any, error) {
	bits := 64
	if t.Kind == Float {
		bits = 32
	}
	switch value := value.(type) {
	case json.Number:
		if f, err := strconv.ParseFloat(value.String(), bits); err == nil {
			return f, nil
		}
	case string:
		switch value {
		case "NaN":
			return math.NaN(), nil
		case "Infinity":
			return math.Inf(1), nil
		case "-Infinity":
			return math.Inf(-1), nil
		}
	}
	return nil, mismatch(t, value)
}

func bytesOf(t *Type, value any) (any, error) {
	if t.Logical == Decimal {
		return decimalIn(t, value)
	}
	s, ok := value.(string)
	if !ok {
		return nil, mismatch(t, value)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	if t.Kind == Fixed && len(data) != t.Size {
		return nil, fmt.Errorf("want %d bytes, got %d", t.Size, len(data))
	}
	return data, nil
}

func decimalIn(t *Type, value any) (any, error) {
	var text string
	switch value := value.(type) {
	case string:
		text = value
	case json.Number:
		text = value.String()
	default:
		return nil, mismatch(t, value)
	}
	r, err := ParseDecimal(text)
	if err != nil {
		return nil, err
	}
	_, err = decimalBytes(t, r)
	return r, err
}

// ParseDecimal reads digits with at most one point, exactly: no exponent, no fraction.
func ParseDecimal(text string) (*big.Rat, error) {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if len(text) > maxPrecision+2 || whole == "" || point && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return nil, fmt.Errorf("%.40q is no decimal: write it like \"12.30\"", text)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%.40q is no decimal: write it like \"12.30\"", text)
	}
	return r, nil
}

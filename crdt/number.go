package crdt

import (
	"errors"
	"strconv"
	"strings"
)

var (
	errNotScalar   = errors.New("it is no JSON string, number, boolean or null")
	errLargeNumber = errors.New("its exponent has more than 9 digits")
)

const (
	// maxPlainDigits is how long a whole number may be before it is written with an exponent.
	maxPlainDigits = 64
	// maxLeadingZeros is how many zeros may follow "0." before it is written with an exponent.
	maxLeadingZeros   = 6
	maxExponentDigits = 9
)

// canonicalNumber writes a JSON number in the one spelling that its value has here: 100 for 1e2, 0.5 for 0.50, 0 for -0.
func canonicalNumber(s string) (string, error) {
	digits, exponent, negative, err := parseNumber(s)
	if err != nil {
		return "", err
	}
	digits = strings.TrimLeft(digits, "0")
	whole := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(whole)
	if whole == "" {
		return "0", nil
	}
	text := writeNumber(whole, exponent)
	if negative {
		text = "-" + text
	}
	return text, nil
}

// parseNumber takes a JSON number apart: digits times ten to the exponent.
func parseNumber(s string) (digits string, exponent int, negative bool, err error) {
	rest, negative := strings.CutPrefix(s, "-")
	whole, rest := cutDigits(rest)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return "", 0, false, errNotScalar
	}
	fraction := ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if fraction, rest = cutDigits(after); fraction == "" {
			return "", 0, false, errNotScalar
		}
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		if exponent, err = parseExponent(rest[1:]); err != nil {
			return "", 0, false, err
		}
		rest = ""
	}
	if rest != "" {
		return "", 0, false, errNotScalar
	}
	return whole + fraction, exponent - len(fraction), negative, nil
}

func parseExponent(s string) (int, error) {
	unsigned := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	digits, rest := cutDigits(unsigned)
	if digits == "" || rest != "" || len(s)-len(unsigned) > 1 {
		return 0, errNotScalar
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) > maxExponentDigits {
		return 0, errLargeNumber
	}
	n, _ := strconv.Atoi("0" + digits)
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// writeNumber writes digits, without zeros at either end, times ten to the exponent.
func writeNumber(digits string, exponent int) string {
	// point is how many digits stand before the decimal point.
	point := len(digits) + exponent
	switch {
	case exponent >= 0 && point <= maxPlainDigits:
		return digits + strings.Repeat("0", exponent)
	case exponent < 0 && point > 0:
		return digits[:point] + "." + digits[point:]
	case exponent < 0 && point > -maxLeadingZeros:
		return "0." + strings.Repeat("0", -point) + digits
	}
	text := digits[:1]
	if len(digits) > 1 {
		text += "." + digits[1:]
	}
	return text + "e" + strconv.Itoa(point-1)
}

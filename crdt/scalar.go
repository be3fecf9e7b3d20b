package crdt

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxScalarBytes bounds one value, element or key as JSON.
const MaxScalarBytes = 1 << 20

// A Scalar is a string, number, boolean or null: the value of a register or an element of a set. It is kept as JSON text in one canonical spelling,
// so equal values are equal bytes and no number loses digits. The zero Scalar is none. Scalars are comparable.
type Scalar struct {
	// json is empty for none.
	json string
}

// Null, True and False are the JSON values of these names.
var (
	Null  = Scalar{"null"}
	True  = Scalar{"true"}
	False = Scalar{"false"}
)

// Bool is a boolean.
func Bool(b bool) Scalar {
	if b {
		return True
	}
	return False
}

// Int is a whole number.
func Int(n int64) Scalar { return Scalar{strconv.FormatInt(n, 10)} }

// Text is a string. It fails if s is not UTF-8 or longer than [MaxScalarBytes].
func Text(s string) (Scalar, error) {
	if !utf8.ValidString(s) {
		return Scalar{}, fmt.Errorf("text %q is not UTF-8", shortened(s))
	}
	return bounded(string(appendText(make([]byte, 0, len(s)+2), s)))
}

// ParseScalar reads JSON: a string, a number, true, false or null, and nothing else. Numbers are exact: 1, 1.0 and 10e-1 are the same one.
func ParseScalar(json []byte) (Scalar, error) {
	if len(json) > MaxScalarBytes {
		return bounded(string(json))
	}
	s := strings.Trim(string(json), " \t\r\n")
	switch {
	case s == "null" || s == "true" || s == "false":
		return Scalar{s}, nil
	case strings.HasPrefix(s, `"`):
		text, err := unquote(s)
		if err != nil {
			return Scalar{}, fmt.Errorf("string %s: %w", shortened(s), err)
		}
		return Text(text)
	}
	number, err := canonicalNumber(s)
	if err != nil {
		return Scalar{}, fmt.Errorf("value %s: %w", shortened(s), err)
	}
	return bounded(number)
}

// JSON is the value as JSON text; empty for none.
func (s Scalar) JSON() string { return s.json }

// String is the value as JSON text, for people.
func (s Scalar) String() string { return s.json }

// Text is the value of a string, and whether it is one.
func (s Scalar) Text() (string, bool) {
	if !strings.HasPrefix(s.json, `"`) {
		return "", false
	}
	text, err := unquote(s.json)
	return text, err == nil
}

func bounded(json string) (Scalar, error) {
	if len(json) > MaxScalarBytes {
		return Scalar{}, fmt.Errorf("value of %d bytes: the limit is %d", len(json), MaxScalarBytes)
	}
	return Scalar{json}, nil
}

const shownBytes = 40

func shortened(s string) string {
	if len(s) <= shownBytes {
		return s
	}
	return strings.ToValidUTF8(s[:shownBytes], "") + "…"
}

// isCanonical tells whether text is a scalar as this package writes it.
func isCanonical(text string) bool {
	if len(text) > MaxScalarBytes {
		return false
	}
	if isPlainText(text) {
		return utf8.ValidString(text)
	}
	if isPlainNumber(text) {
		return true
	}
	s, err := ParseScalar([]byte(text))
	return err == nil && s.json == text
}

// isPlainText tells that text is a quoted string without anything that is escaped: most are.
func isPlainText(text string) bool {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return false
	}
	for i := 1; i < len(text)-1; i++ {
		if b := text[i]; b < ' ' || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

// isPlainNumber tells that text is a positive whole number that is not too long to be written so.
func isPlainNumber(text string) bool {
	digits, rest := cutDigits(text)
	return digits != "" && rest == "" && digits[0] != '0' && len(digits) <= maxPlainDigits
}

const hexDigits = "0123456789abcdef"

// appendText appends s in quotes, with no more escapes than JSON asks for, each in its shortest form (as RFC 8785 has it).
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b >= ' ':
			dst = append(dst, b)
		default:
			if at := strings.IndexByte(shortEscapes, b); at >= 0 {
				dst = append(dst, '\\', shortEscapeLetters[at])
			} else {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
			}
		}
	}
	return append(dst, '"')
}

const (
	shortEscapes       = "\b\t\n\f\r"
	shortEscapeLetters = "btnfr"
)

var (
	errNotOneString  = errors.New("it is not one JSON string")
	errHalfSurrogate = errors.New("half a surrogate pair")
)

// unquote reads a JSON string, quotes included. What UTF-8 cannot say is refused, not replaced.
func unquote(s string) (string, error) {
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", errNotOneString
	}
	s = s[1 : len(s)-1]
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch b := s[i]; {
		case b < ' ' || b == '"':
			return "", errNotOneString
		case b != '\\':
			text = append(text, b)
			i++
		default:
			r, n, err := unescape(s[i:])
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
			i += n
		}
	}
	return string(text), nil
}

// unescape reads the escape that s begins with, and tells how many bytes it takes.
func unescape(s string) (rune, int, error) {
	if len(s) < 2 {
		return 0, 0, errNotOneString
	}
	if strings.IndexByte(`"\/`, s[1]) >= 0 {
		return rune(s[1]), 2, nil
	}
	if at := strings.IndexByte(shortEscapeLetters, s[1]); at >= 0 {
		return rune(shortEscapes[at]), 2, nil
	}
	r, ok := hexRune(s)
	if !ok {
		return 0, 0, errNotOneString
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	low, ok := hexRune(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0, errHalfSurrogate
	}
	return r, 12, nil
}

// hexRune reads \u and four digits.
func hexRune(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, b := range []byte(s[2:6]) {
		digit := strings.IndexByte(hexDigits, lower(b))
		if digit < 0 {
			return 0, false
		}
		r = r<<4 | rune(digit)
	}
	return r, true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

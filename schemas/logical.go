package schemas

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/partita-io/partita/internal/spelling"
)

const (
	millisPerDay = 24 * 60 * 60 * 1000
	microsPerDay = millisPerDay * 1000
)

func checkInteger(t *Type, n int64) error {
	if t.Kind == Int && (n < math.MinInt32 || n > math.MaxInt32) {
		return fmt.Errorf("%d does not fit an int of 32 bits", n)
	}
	if t.Logical == TimeMillis && (n < 0 || n >= millisPerDay) || t.Logical == TimeMicros && (n < 0 || n >= microsPerDay) {
		return fmt.Errorf("%d is no time of day: it must be 0 or more and less than a day", n)
	}
	return nil
}

func checkString(t *Type, s string) error {
	if t.Kind == Enum {
		if !slices.Contains(t.Symbols, s) {
			return fmt.Errorf("%.40q is no symbol of %s%s: it has %.200s", s, describe(t), spelling.DidYouMean(s, t.Symbols), strings.Join(t.Symbols, ", "))
		}
		return nil
	}
	if !utf8.ValidString(s) {
		return errors.New("the string is not valid UTF-8")
	}
	if t.Logical == UUID && !isUUID(s) {
		return fmt.Errorf("%.40q is no UUID: want 8-4-4-4-12 hexadecimal digits", s)
	}
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// unscaled is the decimal's integer in units of 10^-Scale, exactly.
func unscaled(t *Type, r *big.Rat) (*big.Int, error) {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(power))
	if !scaled.IsInt() {
		return nil, fmt.Errorf("%s has more than %d digits after the point: round it first", r.RatString(), t.Scale)
	}
	if scaled.Num().CmpAbs(t.bound) >= 0 {
		return nil, fmt.Errorf("the number has more than the %d digits of %s", t.Precision, describe(t))
	}
	return scaled.Num(), nil
}

// decimalBytes is the big-endian two's complement, shortest for bytes and of full length for fixed.
func decimalBytes(t *Type, r *big.Rat) ([]byte, error) {
	n, err := unscaled(t, r)
	if err != nil {
		return nil, err
	}
	size := t.Size
	if t.Kind == Bytes {
		size = twosComplementLen(n)
	} else if twosComplementLen(n) > size {
		return nil, fmt.Errorf("the number does not fit the %d bytes of %s", size, t.Name)
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(size)*8))
	}
	return n.FillBytes(make([]byte, size)), nil
}

func twosComplementLen(n *big.Int) int {
	if n.Sign() < 0 {
		return new(big.Int).Not(n).BitLen()/8 + 1
	}
	return n.BitLen()/8 + 1
}

func decimalOf(t *Type, data []byte) (*big.Rat, error) {
	// A number of Precision digits takes less than Precision bytes, and sign bytes in front are allowed: longer ones cost without use.
	if len(data) > max(t.Precision+8, t.Size) {
		return nil, fmt.Errorf("%d bytes are too many for %s", len(data), describe(t))
	}
	n := new(big.Int).SetBytes(data)
	if len(data) > 0 && data[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(data))*8))
	}
	if n.CmpAbs(t.bound) >= 0 {
		return nil, fmt.Errorf("the number has more than the %d digits of %s", t.Precision, describe(t))
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)), nil
}

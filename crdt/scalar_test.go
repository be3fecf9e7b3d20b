package crdt_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/crdt"
)

func TestEqualScalarsAreEqualText(t *testing.T) {
	for written, want := range map[string]string{
		" null\n": "null", "true": "true", "false": "false",
		"0": "0", "-0": "0", "0.00e7": "0", "1.0": "1", "10e-1": "1", "1E+2": "100", "-1.50": "-1.5", "0.5": "0.5", "5e-1": "0.5",
		"9007199254740993": "9007199254740993", "-170141183460469231731687303715884105728": "-170141183460469231731687303715884105728",
		"12345678901234567890.0123456789": "12345678901234567890.0123456789", "1e63": "1" + strings.Repeat("0", 63), "1e64": "1e64", "12e63": "1.2e64",
		"0.000001": "0.000001", "0.0000001": "1e-7", "1.25e-30": "1.25e-30", "1e-000000000000001": "0.1", "1e999999999": "1e999999999",
		`"a"`: `"a"`, `"\u0061"`: `"a"`, `"\/"`: `"/"`, `"\u00e9\ud83d\uDE00"`: `"é😀"`, `"\u0008\u001F\u007f"`: `"\b\u001f` + "\x7f" + `"`, `"\"\\\n"`: `"\"\\\n"`,
		`"\u0000"`: `"\u0000"`, `"  "`: `"  "`, `"<&>"`: `"<&>"`, `"\ufffd"`: `"�"`, `""`: `""`,
	} {
		s, err := crdt.ParseScalar([]byte(written))
		require.NoError(t, err, written)
		require.Equal(t, want, s.JSON(), written)
		require.True(t, json.Valid([]byte(s.JSON())), written)
	}
}

func TestWhatIsNoScalarIsRefused(t *testing.T) {
	for written, want := range map[string]string{
		"": "no JSON string", "[1]": "no JSON string", "{}": "no JSON string", "nul": "no JSON string", "1 2": "no JSON string", "01": "no JSON string", "+1": "no JSON string",
		"1.": "no JSON string", ".5": "no JSON string", "1e": "no JSON string", "1e+-2": "no JSON string", "-": "no JSON string", "NaN": "no JSON string", "1e5x": "no JSON string",
		"1e1234567890": "exponent has more than 9 digits",
		`"a`:           "not one JSON string", `"a" "b"`: "not one JSON string", `"\x"`: "not one JSON string", "\"\n\"": "not one JSON string", `"\u12"`: "not one JSON string", `"\`: "not one JSON string",
		`"\"`:      "not one JSON string",
		`"\ud800"`: "half a surrogate pair", `"\udc00\ud800"`: "half a surrogate pair", `"\ud800\u0041"`: "half a surrogate pair",
		"\"\xff\"":                             "is not UTF-8",
		`"` + strings.Repeat("a", 1<<20) + `"`: "value of 1048578 bytes: the limit is 1048576",
		`"` + strings.Repeat("\u0001", 200000) + strings.Repeat("\\u0001", 100000) + `"`: "not one JSON string",
	} {
		_, err := crdt.ParseScalar([]byte(written))
		require.ErrorContains(t, err, want)
	}
	_, err := crdt.Text(strings.Repeat("\x01", 1<<18))
	require.ErrorContains(t, err, "value of 1572866 bytes: the limit is 1048576")
	_, err = crdt.Text("\xff")
	require.EqualError(t, err, `text "\xff" is not UTF-8`)
}

func TestTextIsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		s, err := crdt.Text(want)
		require.NoError(t, err)
		got, ok := s.Text()
		require.True(t, ok)
		require.Equal(t, want, got)
		var read string
		require.NoError(t, json.Unmarshal([]byte(s.JSON()), &read))
		require.Equal(t, want, read)
		again, err := crdt.ParseScalar([]byte(s.JSON()))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
	_, ok := crdt.Int(1).Text()
	require.False(t, ok)
	require.Equal(t, []string{"-9223372036854775808", "true", "false"}, []string{crdt.Int(-1 << 63).String(), crdt.Bool(true).String(), crdt.Bool(false).String()})
}

// Numbers of one value have one text, which has that value.
func TestNumbersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := rapid.StringMatching(`-?(0|[1-9][0-9]{0,70})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`).Draw(t, "number")
		s, err := crdt.ParseScalar([]byte(written))
		require.NoError(t, err)
		require.True(t, json.Valid([]byte(s.JSON())), s.JSON())
		want, ok := new(big.Rat).SetString(written)
		require.True(t, ok)
		got, ok := new(big.Rat).SetString(s.JSON())
		require.True(t, ok)
		require.Zero(t, want.Cmp(got), "%s is not %s", s.JSON(), written)
		other, err := crdt.ParseScalar([]byte(want.FloatString(120)))
		require.NoError(t, err)
		require.Equal(t, s, other)
	})
}

func FuzzParseScalar(f *testing.F) {
	for _, seed := range []string{"null", "-1.50e-7", `"\u00e9\ud83d\ude00\n"`, "1e400", `"\ud800"`, " true "} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := crdt.ParseScalar(b)
		// What a JSON reader that replaces what it cannot read takes as a scalar is refused here only for its size, exponent or spelling.
		if err != nil {
			return
		}
		require.True(t, json.Valid(b))
		require.True(t, utf8.ValidString(s.JSON()))
		again, err := crdt.ParseScalar([]byte(s.JSON()))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

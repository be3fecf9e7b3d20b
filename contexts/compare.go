package contexts

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/partita-io/partita/schemas"
)

// A Difference is one place where a test's expectation and what came of it differ.
type Difference struct {
	// Path names the place: "events[0].ItemAdded.quantity", "state.lines".
	Path string
	// Want and Got are JSON, or a word where there is no value ("nothing").
	Want, Got string
}

func (d Difference) String() string { return fmt.Sprintf("%s: want %s, got %s", d.Path, d.Want, d.Got) }

// differences compares a value with an expectation: of a record the named fields, of maps and arrays everything. Both are JSON values with
// json.Number; t is nil where no schema says what they are, and then objects are compared whole.
func differences(path string, t *schemas.Type, want, got any) []Difference {
	if t != nil && t.Optional != nil && want != nil && got != nil {
		t = t.Optional
	}
	wantObject, wantIsObject := want.(map[string]any)
	gotObject, gotIsObject := got.(map[string]any)
	if wantIsObject && gotIsObject {
		return objectDifferences(path, t, wantObject, gotObject)
	}
	wantArray, wantIsArray := want.([]any)
	gotArray, gotIsArray := got.([]any)
	if wantIsArray && gotIsArray && len(wantArray) == len(gotArray) {
		var found []Difference
		for i := range wantArray {
			found = append(found, differences(fmt.Sprintf("%s[%d]", path, i), elem(t), wantArray[i], gotArray[i])...)
		}
		return found
	}
	if !wantIsObject && !gotIsObject && !wantIsArray && !gotIsArray && sameScalar(t, want, got) {
		return nil
	}
	return []Difference{{Path: path, Want: string(marshal(want)), Got: string(marshal(got))}}
}

func objectDifferences(path string, t *schemas.Type, want, got map[string]any) []Difference {
	var found []Difference
	for _, key := range sortedKeys(want) {
		at := path + "." + key
		value, ok := got[key]
		if !ok {
			found = append(found, Difference{Path: at, Want: string(marshal(want[key])), Got: "nothing"})
			continue
		}
		found = append(found, differences(at, member(t, key), want[key], value)...)
	}
	if t != nil && t.Kind == schemas.Record {
		return found
	}
	for _, key := range sortedKeys(got) {
		if _, ok := want[key]; !ok {
			found = append(found, Difference{Path: path + "." + key, Want: "nothing", Got: string(marshal(got[key]))})
		}
	}
	return found
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func elem(t *schemas.Type) *schemas.Type {
	if t == nil {
		return nil
	}
	return t.Elem
}

// member is the type of an object's value: of a record's field or of a map's values.
func member(t *schemas.Type, key string) *schemas.Type {
	if t == nil || t.Kind != schemas.Record {
		return elem(t)
	}
	if i := t.FieldIndex(key); i >= 0 {
		return t.Fields[i].Type
	}
	return nil
}

// sameScalar compares numbers by value (1.5 and 1.50 are the same), and timestamps also when one is written as RFC 3339.
func sameScalar(t *schemas.Type, want, got any) bool {
	if want == got {
		return true
	}
	if want == nil || got == nil {
		return false
	}
	if t != nil {
		if perSecond := unitsPerSecond(t.Logical); perSecond > 0 {
			want = asUnits(want, perSecond)
		}
	}
	decimal := t != nil && t.Logical == schemas.Decimal
	a, aOK := number(want, decimal)
	b, bOK := number(got, decimal)
	return aOK && bOK && a.Cmp(b) == 0
}

// number is a JSON number, or a string where strings are numbers. Exponents are bounded: 1e999999999 would fill the memory.
func number(v any, fromString bool) (*big.Rat, bool) {
	var digits string
	switch n := v.(type) {
	case fmt.Stringer:
		digits = n.String()
	case string:
		if !fromString {
			return nil, false
		}
		digits = n
	default:
		return nil, false
	}
	if f, err := strconv.ParseFloat(digits, 64); err != nil || (f == 0 && strings.ContainsAny(digits, "eE")) {
		return nil, false
	}
	return new(big.Rat).SetString(digits)
}

// unitsPerSecond is how a timestamp counts, 0 for what is no timestamp and so is never written as RFC 3339.
func unitsPerSecond(l schemas.Logical) int64 {
	if l == schemas.TimestampMillis {
		return 1e3
	}
	if l == schemas.TimestampMicros {
		return 1e6
	}
	if l == schemas.TimestampNanos {
		return 1e9
	}
	return 0
}

// asUnits is a timestamp in RFC 3339 as a number of the schema's units; anything else is returned as it is.
func asUnits(v any, perSecond int64) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return v
	}
	return big.NewInt(at.Unix()*perSecond + int64(at.Nanosecond())*perSecond/1e9)
}

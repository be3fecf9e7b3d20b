package crdt_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(tb, err)
	return b
}

// samples are contributions with something of everything, by type.
func samples(tb testing.TB) map[string]crdt.Contribution {
	tb.Helper()
	all := make(map[string]crdt.Contribution)
	for kind, operations := range map[string][]crdt.Operation{
		"counter":               {crdt.Increment(-300)},
		"grow-counter":          {crdt.Increment(300)},
		"flag":                  {crdt.Enable(), crdt.Disable(), crdt.Enable()},
		"register":              {crdt.Assign(apple, 1_700_000_000_000)},
		"multi-register":        {crdt.Assign(crdt.Null, 0)},
		"set":                   {crdt.Add(apple), crdt.Add(crdt.Int(1)), crdt.Remove(apple), crdt.Add(pear), crdt.Add(apple)},
		"grow-set":              {crdt.Add(apple), crdt.Add(crdt.False)},
		"vote":                  {crdt.Cast("ann", true, 5), crdt.Cast("bob", false, 5)},
		"map of counter":        {crdt.Increment(100).At("ann"), crdt.Delete("ann"), crdt.Increment(-3).At("bob"), crdt.Increment(math.MaxInt64 / 4).At("ann")},
		"map of flag":           {crdt.Enable().At("a"), crdt.Disable().At("a"), crdt.Enable().At("")},
		"map of register":       {crdt.Assign(apple, 5).At("a"), crdt.Delete("a"), crdt.Assign(apple, 5).At("a")},
		"map of multi-register": {crdt.Assign(apple, 5).At("a"), crdt.Assign(pear, 5).At("b"), crdt.Clear(), crdt.Assign(pear, 5).At("a")},
		"map of map of set":     {crdt.Add(apple).At("a", "b"), crdt.Remove(apple).At("a", "b"), crdt.Delete("b").At("a"), crdt.Clear(), crdt.Add(pear).At("c", "d")},
		"map of map of counter": {crdt.Increment(1).At("a", "b"), crdt.Delete("a"), crdt.Increment(1).At("a", "c")},
	} {
		// Shard 3 has seen others do the same.
		s := shardsOf(tb, kind, 9)
		for _, i := range []int{3, 0, 8, 5, 3} {
			s[3].hears(s[0], s[8], s[5])
			s[i].does(operations...)
		}
		all[kind] = s[3].own
	}
	return all
}

func TestContributionsAreReadAsTheyWereWritten(t *testing.T) {
	for kind, c := range samples(t) {
		b := c.Append([]byte("before"))
		require.Equal(t, "before", string(b[:6]))
		read, err := crdt.Parse(b[6:])
		require.NoError(t, err, kind)
		require.Equal(t, b[6:], read.Append(nil))
		require.Equal(t, []any{kind, int32(3), c.Version()}, []any{read.Type().String(), read.Shard(), read.Version()})
		require.NotZero(t, read.Version())
	}
}

// The bytes are those of docs/formats/crdt.md: they lie in stores and topics for years.
func TestContributionsLookAsDocumented(t *testing.T) {
	s := shardsOf(t, "set", 6)
	s[5].does(crdt.Add(apple), crdt.Add(pear), crdt.Add(crdt.Int(1)), crdt.Add(pear))
	s[3].hears(s[5])
	s[3].does(crdt.Add(apple), crdt.Remove(pear))
	require.Equal(t, "01"+"0006"+"03"+"02"+"01"+"01"+"07226170706c6522"+"01"+"01"+"05"+"08"+"01"+"062270656172"+"22"+"01"+"04",
		hex.EncodeToString(s[3].own.Append(nil)))

	m := shardsOf(t, "map of counter", 2)
	m[0].does(crdt.Increment(100).At("ann"))
	m[1].hears(m[0])
	m[1].does(crdt.Delete("ann"), crdt.Increment(-3).At("bob"))
	require.Equal(t, "01"+"0101"+"01"+"02"+"02"+"01"+"0522626f6222"+"02"+"010005"+"01"+"00"+"08"+"01"+"0522616e6e22"+"03"+"01"+"c801",
		hex.EncodeToString(m[1].own.Append(nil)))

	r := shardsOf(t, "register", 1)[0]
	r.does(crdt.Assign(apple, 1_700_000_000_000))
	require.Equal(t, "01"+"0004"+"00"+"01"+"01"+"01"+"80d095ffbc31"+"00"+"07226170706c6522"+"00", hex.EncodeToString(r.own.Append(nil)))
}

func TestContributionThatIsCutIsRefused(t *testing.T) {
	for kind, c := range samples(t) {
		b := c.Append(nil)
		for n := range len(b) {
			_, err := crdt.Parse(b[:n])
			require.EqualError(t, err, "contribution: it ends in the middle", "%d of %d bytes of a %s", n, len(b), kind)
		}
	}
}

func TestContributionOfANewerVersionIsRefused(t *testing.T) {
	_, err := crdt.Parse([]byte{2, 0, 1})
	require.EqualError(t, err, "contribution of format 2: this version reads format 1; run the version that wrote it, or a newer one")
	for _, typ := range [][]byte{{0, 0}, {0, 9}, {9, 1}} {
		_, err = crdt.Parse(append([]byte{1}, typ...))
		require.ErrorContains(t, err, "that this version does not know; run the version that wrote it, or a newer one")
	}
}

// What no contribution is written as is not read: bytes that mean the same would be different, and numbers that go round would come next.
func TestMalformedContributionsAreRefused(t *testing.T) {
	const (
		set, flags, counters = "0100060302", "0100030302", "0101010302"
		apple, pear          = "07226170706c6522", "06227065617222"
	)
	for what, b := range map[string]string{
		"bytes behind the end":                   set + "0000" + "00" + "00",
		"a longer number than it needs":          "010006" + "8300" + "02" + "0000",
		"a number of more than 64 bits":          "010006" + "ffffffffffffffffff02",
		"a shard beyond 31 bits":                 "010006" + "ffffffff0f" + "02" + "00" + "00" + "00",
		"a version beyond 63 bits":               "010006" + "03" + "80808080808080808001" + "00" + "00" + "00",
		"a root newer than the contribution":     set + "03" + "00" + "00",
		"an entry newer than its parent":         set + "01" + "01" + apple + "02" + "00",
		"an entry of version 0":                  set + "01" + "01" + apple + "00" + "00",
		"entries that are not in order":          set + "02" + "02" + pear + "01" + apple + "01" + "00",
		"an entry twice":                         set + "02" + "02" + pear + "01" + pear + "01" + "00",
		"an element that is no JSON":             set + "02" + "01" + "03616263" + "01" + "00",
		"an element in another spelling":         set + "02" + "01" + "03312e30" + "01" + "00",
		"an element without quotes at its end":   set + "02" + "01" + "0222ff" + "01" + "00",
		"an element that is not UTF-8":           set + "02" + "01" + "0322ff22" + "01" + "00",
		"an empty element":                       set + "02" + "01" + "00" + "01" + "0000",
		"a map's key that is no string":          counters + "01" + "01" + "0131" + "01" + "000000" + "00",
		"a counter from after its increments":    counters + "01" + "01" + apple + "01" + "020000" + "00",
		"a flag that is neither on nor off":      flags + "01" + "02" + "00",
		"a vote that is neither yes nor no":      "0100080302" + "01" + "01" + apple + "01" + "01" + "0100" + apple + "00",
		"a vote without one":                     "0100080302" + "01" + "01" + apple + "01" + "00" + "00",
		"a removal from itself":                  set + "0000" + "01" + "03" + "0801" + apple + "0101",
		"removals that are not in order":         flags + "0000" + "02" + "050401" + "040401",
		"a removal of nothing":                   flags + "0000" + "01" + "0500" + "00",
		"a removal up to version 0":              flags + "0000" + "01" + "050400",
		"a removal of the whole":                 flags + "0000" + "01" + "050101",
		"a removal by key of a flag":             flags + "0000" + "01" + "050801" + apple + "0101",
		"a removal of a set's value":             set + "0000" + "01" + "050401",
		"a removal of what a counter had, never": counters + "0000" + "01" + "050801" + apple + "0202",
		"a removal of things unknown":            flags + "0000" + "01" + "051001",
		"a removal of no keys":                   set + "0000" + "01" + "050800",
		"keys of a removal not in order":         set + "0000" + "01" + "050802" + pear + "0101" + apple + "0101",
		"a removal from an element's inside":     set + "0000" + "01" + "050801" + apple + "0801" + pear + "0101",
	} {
		_, err := crdt.Parse(unhex(t, b))
		require.EqualError(t, err, "contribution: its bytes are not what a contribution of its type has", what)
	}
}

func TestCountsThatTheBytesCannotHoldAreNotBelieved(t *testing.T) {
	for _, b := range []string{
		"0100060302" + "01" + "ffffffff0f",
		"0100060302" + "0000" + "ffffffff0f",
		"0100060302" + "0000" + "01" + "0508" + "ffffffff0f",
		"0100040302" + "01" + "01" + "0100" + "ffffffff0f",
	} {
		allocated := testing.AllocsPerRun(10, func() {
			_, err := crdt.Parse(unhex(t, b))
			require.ErrorContains(t, err, "ends in the middle")
		})
		require.Less(t, allocated, 30.0)
	}
}

// The last version and stamp that can be written are the last: nothing goes round.
func TestNumbersThatAreUsedUpAreRefused(t *testing.T) {
	c, err := crdt.Parse(unhex(t, "01000100"+"ffffffffffffffff7f"+"00"+"000000"+"00"))
	require.NoError(t, err)
	view, err := crdt.Fold(c.Type(), c)
	require.NoError(t, err)
	after, err := c.Apply(crdt.Increment(1), view)
	require.EqualError(t, err, "out of range: the contribution of shard 0 is at its highest version")
	require.Equal(t, c, after)

	c, err = crdt.Parse(unhex(t, "01000400"+"01"+"01"+"01"+"ffffffffffffffff7f"+"ffffffffffffffff7f"+"0131"+"00"))
	require.NoError(t, err)
	view, err = crdt.Fold(c.Type(), c)
	require.NoError(t, err)
	_, err = c.Apply(crdt.Assign(apple, 1), view)
	require.ErrorIs(t, err, crdt.ErrOutOfRange)

	// One short of it is in the next millisecond.
	c, err = crdt.Parse(unhex(t, "01000400"+"01"+"01"+"01"+"05"+"ffffffffffffffff7f"+"0131"+"00"))
	require.NoError(t, err)
	c, err = c.Apply(crdt.Assign(apple, 1), view)
	require.NoError(t, err)
	ms, count := crdt.StampOf(c)
	require.Equal(t, []uint64{6, 0}, []uint64{ms, count})
}

// Whatever bytes are read: they are written again, they fold, and the value is JSON.
func FuzzParse(f *testing.F) {
	for _, c := range samples(f) {
		f.Add(c.Append(nil), c.Append(nil))
	}
	f.Add([]byte{2}, []byte{1, 0, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, err := crdt.Parse(a)
		if err != nil {
			return
		}
		require.Equal(t, a, first.Append(nil))
		require.Len(t, a, first.Size())
		view, err := crdt.Fold(first.Type(), first)
		require.NoError(t, err)
		requireJSON(t, view)
		second, err := crdt.Parse(b)
		if err != nil || second.Type() != first.Type() {
			return
		}
		both, err := view.With(second)
		require.NoError(t, err)
		requireJSON(t, both)
		turned, err := crdt.Fold(first.Type(), second, first)
		require.NoError(t, err)
		if first.Shard() != second.Shard() || first.Version() != second.Version() {
			require.Equal(t, crdt.Dump(both), crdt.Dump(turned))
		}
		requireUsable(t, first, both)
	})
}

func requireJSON(t *testing.T, view crdt.View) {
	t.Helper()
	var value struct{ Value any }
	require.NoError(t, json.Unmarshal(view.AppendJSON(nil), &value), said(view))
}

// requireUsable applies all operations to a contribution.
func requireUsable(t *testing.T, c crdt.Contribution, view crdt.View) {
	t.Helper()
	keys := make([]string, 0, crdt.MaxDepth)
	for typ := c.Type(); typ.Kind() == crdt.Map; typ = typ.Of() {
		requireUnharmed(t, c, view, crdt.Delete("ann").At(keys...), crdt.Clear().At(keys...))
		keys = append(keys, "ann")
	}
	for _, o := range []crdt.Operation{
		crdt.Increment(1), crdt.Enable(), crdt.Disable(), crdt.Assign(apple, 5), crdt.Add(apple), crdt.Remove(apple), crdt.Clear(), crdt.Cast("ann", true, 5),
	} {
		if o = o.At(keys...); o.Check(c.Type()) == nil {
			requireUnharmed(t, c, view, o)
		}
	}
	tidied, err := c.Tidy(view)
	if err == nil {
		requireReadable(t, tidied)
	}
}

func requireUnharmed(t *testing.T, c crdt.Contribution, view crdt.View, operations ...crdt.Operation) {
	t.Helper()
	for _, o := range operations {
		if next, err := c.Apply(o, view); err == nil {
			requireReadable(t, next)
		} else {
			require.ErrorIs(t, err, crdt.ErrOutOfRange)
		}
	}
}

func requireReadable(t *testing.T, c crdt.Contribution) {
	t.Helper()
	b := c.Append(nil)
	read, err := crdt.Parse(b)
	require.NoError(t, err, "%x", b)
	require.Equal(t, b, read.Append(nil))
}

package crdt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/crdt"
)

func TestTypesAreReadAsTheyAreWritten(t *testing.T) {
	seen := make(map[crdt.Type]bool)
	for _, name := range kinds {
		typ, err := crdt.ParseType(name)
		require.NoError(t, err)
		require.Equal(t, name, typ.String())
		require.False(t, seen[typ], name)
		seen[typ] = true
	}
	typ, err := crdt.ParseType("map of set")
	require.NoError(t, err)
	require.Equal(t, crdt.Map, typ.Kind())
	require.Equal(t, "set", typ.Of().String())
	require.Equal(t, crdt.Type{}, typ.Of().Of())
	require.Equal(t, "nothing", typ.Of().Of().Kind().String())
}

func TestTypesThatAreNoneAreRefusedWithTheMend(t *testing.T) {
	for name, want := range map[string]string{
		"conter":         `type "conter": there is no "conter" (did you mean counter?); there are counter, grow-counter, flag, register, multi-register, set, grow-set, vote, map`,
		"ORSet":          `type "ORSet": there is no "ORSet" (it is called set here); there are counter,`,
		"PNCounterMap":   `there is no "PNCounterMap" (it is called map of counter here)`,
		"":               `type "": there is no ""; there are counter`,
		"map":            `type "map": of what is the map? write it, as in "map of counter"`,
		"map of map":     `type "map of map": of what is the map? write it, as in "map of map of counter"`,
		"set of counter": `type "set of counter": only a map is of something; write "map of counter"`,
		"map of nothing": `type "map of nothing": there is no "nothing"`,
		"map of map of map of map of map of map of map of map of map of flag": "more than 8 maps inside each other; put the keys together into longer ones",
	} {
		_, err := crdt.ParseType(name)
		require.ErrorContains(t, err, want)
	}
}

package starlark_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/starlark"
)

func meaningOf(t *testing.T, files ...string) string {
	t.Helper()
	folder := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		folder[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	var b strings.Builder
	require.NoError(t, starlark.WriteMeaning(&b, folder, files[0]))
	return b.String()
}

const totals = `
def on_filled(row, event, ctx):
    if event.cents > 10:
        row.cents += event.cents
    else:
        row.small += 1
    row.last = event.names[1:]
`

func TestTheFormOfAScriptIsNotWhatItSays(t *testing.T) {
	formed := strings.ReplaceAll(strings.ReplaceAll(totals, "    ", "  "), "\n", "  # a comment\n\n")
	require.Equal(t, meaningOf(t, "a.star", totals), meaningOf(t, "a.star", formed))
	require.Equal(t, meaningOf(t, "a.star", "x = 'a' + 16"), meaningOf(t, "a.star", `x = "a"+0x10`))
}

func TestWhatAScriptSaysIsTold(t *testing.T) {
	for _, change := range [][2]string{
		{"> 10", ">= 10"},
		{"10", "11"},
		{"+= 1", "-= 1"},
		{"+= 1", "= 1"},
		{"row.small", "row.cents"},
		{"[1:]", "[:1]"},
		{"[1:]", "[1]"},
		{"    else:\n        row.small", "    row.small"},
		{"on_filled", "on_emptied"},
		{"    row.last", "        row.last"},
		{"(row, event, ctx)", "(row, event, ctx = 1)"},
	} {
		changed := strings.Replace(totals, change[0], change[1], 1)
		require.NotEqual(t, totals, changed)
		require.NotEqual(t, meaningOf(t, "a.star", totals), meaningOf(t, "a.star", changed), change)
	}
	loads := `load("lib.star", "f")`
	require.NotEqual(t, meaningOf(t, "a.star", loads, "lib.star", "f = 1"), meaningOf(t, "a.star", loads, "lib.star", "f = 2"))
	require.NotEqual(t, meaningOf(t, "a.star", "x = 1"), meaningOf(t, "a.star", `x = "1"`))
}

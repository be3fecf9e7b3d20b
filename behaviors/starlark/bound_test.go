package starlark

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesThatAFileBindsItselfAreFound(t *testing.T) {
	parsed, err := dialect.Parse("f.star", `
load("lib.star", "a", b = "x")
c, (d, [e]) = 1, (2, [3])
f = lambda g, h = 1, *i, **j: g(k = 1)
def l(m, n = 2, *o, **p):
    for q, r in m:
        s = [t for t, (u, _) in q]
        s[v()] = w.x
`, 0)
	require.NoError(t, err)
	want := []string{"_", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u"}
	require.Equal(t, want, slices.Sorted(maps.Keys(boundNames(parsed))))
}

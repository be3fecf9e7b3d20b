package contexts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

// FuzzContextYAML: whatever the files hold, loading ends with a context or with problems that name a place.
func FuzzContextYAML(f *testing.F) {
	for _, file := range []string{"../examples/shop/context.yaml", "testdata/mistakes/context.yaml", "testdata/shapes/context.yaml"} {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data, []byte("- name: a\n  entity: cart/c1\n  when: {CheckOut: {}}\n  then: {events: []}\n"))
		f.Add(data, []byte("- name: a\n  entity: cart/c1\n  replicated: {available: {apple: 9}}\n  when: {CheckOut: {}}\n  then: {replicated: {}}\n"))
	}
	f.Add([]byte("context: &a shop\nentities: *a\n"), []byte("a: [&x [*x]]"))
	f.Add([]byte("context:\tshop\n\tpartitions: 1"), []byte("- {? [] : 1}"))
	f.Add([]byte("a: b: c"), []byte("- name: \xff"))
	dir := f.TempDir()
	require.NoError(f, os.CopyFS(dir, os.DirFS("../examples/shop")))
	f.Fuzz(func(t *testing.T, context, tests []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "context.yaml"), context, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "tests", "cart.yaml"), tests, 0o644))
		c, problems := contexts.Load(dir, contexts.Options{Tests: true})
		if c == nil {
			require.NotEmpty(t, problems)
			return
		}
		require.Empty(t, problems)
		_, problems = contexts.RunTests(t.Context(), c, "")
		require.Empty(t, problems)
	})
}

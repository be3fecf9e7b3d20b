package statestore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStoresAreRemovedOnceNoneIsOpen(t *testing.T) {
	dir := t.TempDir()
	e := openEnv(t, dir)
	defer func() { require.NoError(t, e.Close()) }()
	for _, name := range []string{"totals", "totals.v2"} {
		for shard := range int32(2) {
			s, err := e.Open(name, shard)
			require.NoError(t, err)
			require.NoError(t, s.Apply([]Change{{Key: []byte("a"), Value: []byte("b")}}, Checkpoint{Position: 1}))
			defer func() { require.NoError(t, s.Close()) }()
			if name == "totals" {
				removed, err := e.Remove(name)
				require.NoError(t, err)
				require.False(t, removed, "shard %d is open", shard)
				// To empty it is not to close it.
				require.NoError(t, s.Clear())
				removed, err = e.Remove(name)
				require.NoError(t, err)
				require.False(t, removed)
				require.NoError(t, s.Close())
				require.NoError(t, s.Close())
			}
		}
	}
	for range 2 {
		removed, err := e.Remove("totals")
		require.NoError(t, err)
		require.True(t, removed)
	}
	left, err := os.ReadDir(filepath.Join(dir, "shop"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, "totals.v2", left[0].Name())
}

// What could not be opened does not keep what is there from being removed.
func TestAStoreThatCannotBeOpenedIsNotOpen(t *testing.T) {
	dir := t.TempDir()
	e := openEnv(t, dir)
	defer func() { require.NoError(t, e.Close()) }()
	s, err := e.Open("totals", 0)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	damage, err := filepath.Glob(filepath.Join(dir, "shop", "totals", "0", "MANIFEST-*"))
	require.NoError(t, err)
	require.NotEmpty(t, damage)
	require.NoError(t, os.WriteFile(damage[0], []byte("rubbish"), 0o644))
	_, err = e.Open("totals", 0)
	require.Error(t, err)
	removed, err := e.Remove("totals")
	require.NoError(t, err)
	require.True(t, removed)
}

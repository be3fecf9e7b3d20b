package statestore

import (
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
)

// Pebble tells of a damaged table by its logger's Fatalf, unless somebody listens.
func TestDamagedTableIsAnErrorThatNamesTheMend(t *testing.T) {
	disk := vfs.NewMem()
	e, err := OpenEnv(t.TempDir(), Options{Context: "shop", FS: disk})
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	require.NoError(t, s.Apply([]Change{{Key: []byte("k"), Value: []byte("v")}}, Checkpoint{Position: 1}))
	require.NoError(t, s.Close())

	names, err := disk.List(s.dir)
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			flip(t, disk, disk.PathJoin(s.dir, name))
		}
	}
	s, err = e.Open("cart", 0)
	require.NoError(t, err)
	_, err = s.Get([]byte("k"))
	require.ErrorContains(t, err, "delete the directory "+s.dir)
	require.ErrorContains(t, s.Apply([]Change{{Key: []byte("k")}}, Checkpoint{Position: 2}), "delete the directory "+s.dir)
	require.ErrorContains(t, s.Close(), "delete the directory "+s.dir)
}

// flip flips a bit at the start of a file, where a table has its data.
func flip(t *testing.T, fs vfs.FS, path string) {
	t.Helper()
	f, err := fs.Open(path)
	require.NoError(t, err)
	content, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	content[10] ^= 1
	f, err = fs.Create(path, vfs.WriteCategoryUnspecified)
	require.NoError(t, err)
	_, err = f.Write(content)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

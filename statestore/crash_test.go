package statestore

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// Power may fail at any write to the disk, and not only between two batches.
func TestCrashAtAnyWriteLeavesAPrefixAndItsCheckpoint(t *testing.T) {
	mem := vfs.NewCrashableMem()
	e := openEnv(t, t.TempDir())
	var crashes []*vfs.MemFS
	e.fs = errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			crashes = append(crashes, mem.CrashClone(vfs.CrashCloneCfg{}))
		}
		return nil
	}))
	const batches, keys = 30, 20
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	syncParents(t, mem, s.dir)
	for i := 1; i <= batches; i++ {
		changes := make([]Change, 0, keys)
		for k := range keys {
			changes = append(changes, Change{Key: fmt.Appendf(nil, "k%d", k), Value: bytes.Repeat(fmt.Appendf(nil, "%06d", i), 100)})
		}
		require.NoError(t, s.Apply(changes, Checkpoint{Position: int64(i)}))
		if i%10 == 0 {
			require.NoError(t, s.Flush())
		}
	}
	require.NoError(t, s.Close())
	require.NoError(t, e.Close())
	require.Greater(t, len(crashes), 20)
	seen := map[int64]bool{}
	for _, disk := range crashes {
		seen[checkPrefix(t, e.dir, disk, keys)] = true
	}
	require.Greater(t, len(seen), 3, "crashes of one kind only: %v", seen)
}

// syncParents makes a store's directory survive a crash, as it does some seconds after it was made.
func syncParents(t *testing.T, fs vfs.FS, dir string) {
	t.Helper()
	for parent := fs.PathDir(dir); ; parent = fs.PathDir(parent) {
		d, err := fs.OpenDir(parent)
		require.NoError(t, err)
		require.NoError(t, d.Sync())
		require.NoError(t, d.Close())
		if parent == fs.PathDir(parent) {
			return
		}
	}
}

// checkPrefix opens what a crash has left, and returns the batch up to which it has everything.
func checkPrefix(t *testing.T, dir string, disk vfs.FS, keys int) int64 {
	t.Helper()
	e := openEnv(t, dir)
	defer func() { require.NoError(t, e.Close()) }()
	e.fs = disk
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c, ok, err := s.Checkpoint()
	require.NoError(t, err)
	for k := range keys {
		value, err := s.Get(fmt.Appendf(nil, "k%d", k))
		require.NoError(t, err)
		if !ok {
			require.Nil(t, value)
			continue
		}
		require.NotNil(t, value, "k%d at checkpoint %d", k, c.Position)
		require.Equal(t, fmt.Sprintf("%06d", c.Position), string(value[:6]))
	}
	return c.Position
}

package statestore

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// Pebble takes the tables in memory out of the cache. However full they are, what tells that a key is not in a file stays: each new entity asks.
func TestNewKeysAreNotLookedForOnDisk(t *testing.T) {
	var reads atomic.Int64
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".sst") && op.Kind.ReadOrWrite() == errorfs.OpIsRead {
			reads.Add(1)
		}
		return nil
	}))
	const stores, perStore, memTable = 4, 4000, 1 << 20
	e, err := OpenEnv(t.TempDir(), Options{Context: "shop", FS: disk, Stores: stores, MemTableBytes: memTable, CacheBytes: 2 << 20})
	require.NoError(t, err)
	var all []*Store
	for i := range stores {
		s, err := e.Open("cart", int32(i))
		require.NoError(t, err)
		all = append(all, s)
		for key := 0; key < perStore; key += 100 {
			var changes []Change
			for k := key; k < key+100; k++ {
				changes = append(changes, Change{Key: fmt.Appendf(nil, "cart-%d", k), Value: make([]byte, 300)})
			}
			require.NoError(t, s.Apply(changes, Checkpoint{Position: int64(key + 1)}))
		}
		require.NoError(t, s.db.Flush())
		// The table in memory is full again.
		filler := []Change{{Key: []byte("filler"), Value: make([]byte, memTable*3/4)}}
		require.NoError(t, s.Apply(filler, Checkpoint{Position: perStore + 1}))
	}
	look := func(from int) {
		for i := range 2000 {
			for _, s := range all {
				value, err := s.Get(fmt.Appendf(nil, "cart-%d", from+i))
				require.NoError(t, err)
				require.Nil(t, value)
			}
		}
	}
	look(1_000_000)
	before := reads.Load()
	look(2_000_000)
	// Filters err for one key of a hundred: that reads a block, which is kept.
	require.Less(t, reads.Load()-before, int64(200), "of 8,000 looks")
	for _, s := range all {
		require.NoError(t, s.Close())
	}
	require.NoError(t, e.Close())
}

// What the stores may take does not grow with how many there could be.
func TestTheCacheIsBounded(t *testing.T) {
	for _, stores := range []int{1, 8, 24, 48, 96, 1000} {
		e := &Env{options: Options{Stores: stores}}
		require.LessOrEqual(t, e.memTablesShare(), int64(memTablesBytes))
		require.GreaterOrEqual(t, e.memTableBytes(), uint64(memTableBytesMin))
		if stores <= 96 {
			require.Equal(t, e.memTablesShare(), memTablesEach*int64(stores)*int64(e.memTableBytes()), "%d stores", stores)
		}
	}
}

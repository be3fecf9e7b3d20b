package statestore

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// Pebble tries a failed compaction again at once. In a bubble of virtual time that shows: time stands still until it gives up.
func TestCompactionThatCannotReadIsNotTriedForEver(t *testing.T) {
	const enough = 1000
	var broken atomic.Bool
	var reads atomic.Int64
	dir := t.TempDir()
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		// After enough tries the disk is mended, so that the test ends whatever Pebble does.
		if broken.Load() && op.Kind == errorfs.OpFileReadAt && strings.HasSuffix(op.Path, ".sst") && reads.Add(1) < enough {
			return syscall.EIO
		}
		return nil
	}))
	synctest.Test(t, func(t *testing.T) {
		e, err := OpenEnv(dir, Options{Context: "shop", FS: disk, MemTableBytes: 16 << 10, CacheBytes: 1})
		require.NoError(t, err)
		s, err := e.Open("cart", 0)
		require.NoError(t, err)
		broken.Store(true)
		for i := 1; i <= 300; i++ {
			if err := s.Apply([]Change{{Key: fmt.Appendf(nil, "k%d", i%7), Value: make([]byte, 1000)}}, Checkpoint{Position: int64(i)}); err != nil {
				require.ErrorIs(t, err, syscall.EIO)
				break
			}
			<-time.After(time.Millisecond)
		}
		<-time.After(time.Minute)
		require.Error(t, s.failure.get(), "no compaction failed")
		require.Less(t, reads.Load(), int64(enough))
		broken.Store(false)
		require.Error(t, s.Close())
		require.NoError(t, e.Close())
	})
}

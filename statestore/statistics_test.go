package statestore

import (
	"runtime"
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

// When a store is opened Pebble reads all of its tables for their statistics, and one that cannot be read again at once. In a bubble of virtual time that
// shows: time stands still until it gives up.
func TestTableThatCannotBeReadIsNotReadForItsStatisticsForEver(t *testing.T) {
	const enough = 1000
	var reads atomic.Int64
	dir := t.TempDir()
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		// After enough tries the disk is mended, so that the test ends whatever Pebble does.
		if strings.HasSuffix(op.Path, ".sst") && op.Kind.ReadOrWrite() == errorfs.OpIsRead && forStatistics() && reads.Add(1) < enough {
			return syscall.EIO
		}
		return nil
	}))
	synctest.Test(t, func(t *testing.T) {
		e, err := OpenEnv(dir, Options{Context: "shop", FS: disk, MemTableBytes: 16 << 10, CacheBytes: 1})
		require.NoError(t, err)
		s, err := e.Open("cart", 0)
		require.NoError(t, err)
		require.NoError(t, s.Apply([]Change{{Key: []byte("k"), Value: make([]byte, 1000)}}, Checkpoint{Position: 1}))
		require.NoError(t, s.Close())

		s, err = e.Open("cart", 0)
		require.NoError(t, err)
		<-time.After(time.Minute)
		_ = s.Close() // If something was met it is the error of the store, which is not what is asked here.
		require.NoError(t, e.Close())
		require.Less(t, reads.Load(), int64(enough))
	})
}

// forStatistics tells whether the caller is called by Pebble's collection of statistics.
func forStatistics() bool {
	pcs := make([]uintptr, 50)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, "collectTableStats") {
			return true
		}
		if !more {
			return false
		}
	}
}

package partitions

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// Every write takes 20 ms. Windows are not committed later for it: the log is in Kafka, and the store takes what it is given in memory.
func TestSlowDiskHoldsNoWindowUp(t *testing.T) {
	w := newWorld(t, 2)
	slow := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			<-time.After(20 * time.Millisecond)
		}
		return nil
	}))
	a := w.launch("a", nil, slow)
	a.await(t, func(l *log) bool { return l.running == 2 })
	begun := time.Now()
	w.send(20, 50)
	w.awaitEvents(1000)
	require.Less(t, time.Since(begun), 5*time.Second)
	a.stop(t)
	a = w.launch("a", nil, slow)
	w.send(20, 5)
	w.awaitEvents(1100)
	a.stop(t)
}

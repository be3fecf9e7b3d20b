package statestore

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// A badDisk refuses to write files whose path holds a text.
type badDisk struct {
	env  *Env
	bad  atomic.Pointer[string]
	told atomic.Int64
}

func newBadDisk(t *testing.T) *badDisk {
	t.Helper()
	d := &badDisk{}
	e, err := OpenEnv(t.TempDir(), Options{Context: "shop", Unhealthy: func(error) { d.told.Add(1) }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	e.fs = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if bad := d.bad.Load(); bad != nil && op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, *bad) {
			return syscall.ENOSPC
		}
		return nil
	}))
	d.env = e
	return d
}

func (d *badDisk) breaks(path string) { d.bad.Store(&path) }
func (d *badDisk) mended()            { d.bad.Store(nil) }

// apply writes batches of 100 kB until one is refused, and returns after which.
func apply(s *Store, from, batches int) (int, error) {
	for i := from + 1; i <= from+batches; i++ {
		changes := make([]Change, 100)
		for k := range changes {
			changes[k] = Change{Key: fmt.Appendf(nil, "k%d", k), Value: bytes.Repeat(fmt.Appendf(nil, "%09d.", i), 100)}
		}
		if err := s.Apply(changes, Checkpoint{Position: int64(i)}); err != nil {
			return i - 1, err
		}
	}
	return from + batches, nil
}

// within fails the test if what should return hangs.
func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		require.FailNow(t, "it hangs")
		return nil
	}
}

func TestDiskThatFailsIsAnErrorAndNothingIsLostWhenMended(t *testing.T) {
	for name, path := range map[string]string{"full": "", "tables": ".sst", "manifest": "MANIFEST"} {
		t.Run(name, func(t *testing.T) {
			d := newBadDisk(t)
			s, err := d.env.Open("cart", 0)
			require.NoError(t, err)
			applied, err := apply(s, 0, 60)
			require.NoError(t, err)
			require.NoError(t, s.Flush())

			d.breaks(path)
			err = within(t, func() (err error) { applied, err = apply(s, applied, 1000); return err })
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, "cart/0")
			value, err := s.Get([]byte("k0"))
			require.NoError(t, err, "it is still read")
			require.Equal(t, fmt.Sprintf("%09d", applied), string(value[:9]))
			require.ErrorIs(t, within(t, s.Close), syscall.ENOSPC)
			require.EqualValues(t, 1, d.told.Load(), "told once")

			d.mended()
			s, err = d.env.Open("cart", 0)
			require.NoError(t, err)
			c, ok, err := s.Checkpoint()
			require.NoError(t, err)
			require.True(t, ok)
			value, err = s.Get([]byte("k0"))
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("%09d", c.Position), string(value[:9]), "content and checkpoint are of one batch")
			_, err = apply(s, int(c.Position), 100)
			require.NoError(t, err)
			require.NoError(t, s.Close())
		})
	}
}

func TestCloseOnAFullDiskReturns(t *testing.T) {
	d := newBadDisk(t)
	s, err := d.env.Open("cart", 0)
	require.NoError(t, err)
	_, err = apply(s, 0, 1)
	require.NoError(t, err)
	d.breaks("")
	require.ErrorIs(t, within(t, s.Close), syscall.ENOSPC)
	require.NoError(t, s.Close(), "to close again does nothing")
}

func TestStoreThatCannotBeClearedIsClosed(t *testing.T) {
	d := newBadDisk(t)
	s, err := d.env.Open("cart", 0)
	require.NoError(t, err)
	_, err = apply(s, 0, 1)
	require.NoError(t, err)
	d.breaks("")
	require.ErrorIs(t, s.Clear(), syscall.ENOSPC)
	require.NoError(t, s.Close())
}

// Files can be made on a full disk, and not written: Pebble would wait in Open, for ever, for a flush that it tries again and again.
func TestStoreIsNotOpenedOnAFullDiskUntilThereIsRoom(t *testing.T) {
	d := newBadDisk(t)
	d.env.fs = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileWrite && d.bad.Load() != nil {
			return syscall.ENOSPC
		}
		return nil
	}))
	s, err := d.env.Open("cart", 0)
	require.NoError(t, err)
	applied, err := apply(s, 0, 60)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	d.breaks("")
	err = within(t, func() error { _, err := d.env.Open("cart", 0); return err })
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "cart/0")
	d.mended()
	s, err = d.env.Open("cart", 0)
	require.NoError(t, err)
	c, ok, err := s.Checkpoint()
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, applied, c.Position)
	require.NoError(t, s.Close())
}

// A process that dies while a store is cleared leaves nothing that the next one trips over.
func TestClearingGoesOnAfterACrash(t *testing.T) {
	d := newBadDisk(t)
	s, err := d.env.Open("cart", 0)
	require.NoError(t, err)
	_, err = apply(s, 0, 1)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, d.env.fs.Rename(s.dir, s.dir+clearedSuffix))
	s, err = d.env.Open("cart", 0)
	require.NoError(t, err)
	_, ok, err := s.Checkpoint()
	require.NoError(t, err)
	require.False(t, ok)
	left, err := d.env.fs.List(d.env.fs.PathDir(s.dir))
	require.NoError(t, err)
	require.Equal(t, []string{"0"}, left)
	require.NoError(t, s.Close())
}

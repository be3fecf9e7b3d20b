package statestore

import (
	"errors"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A failure is why a store takes no more writes: what its background work met on the disk. It is set once and ends with the store, because after
// a failed write nobody knows what the disk has; opening it again finds out.
type failure struct {
	once sync.Once
	// err may be read after set is closed.
	err error
	set chan struct{}
}

func newFailure() *failure { return &failure{set: make(chan struct{})} }

// fail returns whether this was the first time.
func (f *failure) fail(err error) (first bool) {
	f.once.Do(func() {
		f.err, first = err, true
		close(f.set)
	})
	return first
}

func (f *failure) get() error {
	select {
	case <-f.set:
		return f.err
	default:
		return nil
	}
}

// retryPause lies between Pebble's tries to write a table that could not be written.
const retryPause = time.Second

// A calmFS makes Pebble pause once it has met a failure. Pebble tries a failed flush or compaction again at once, tens of thousands of times a
// second on a full disk. Its calls to Create are the one place of that circle where it holds no lock.
type calmFS struct {
	vfs.FS
	failure *failure
	closing <-chan struct{}
}

// Create waits a moment if the disk has failed before.
func (f calmFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if f.failure.get() != nil {
		pause := time.NewTimer(retryPause)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-f.closing:
		}
	}
	return f.FS.Create(name, category)
}

// Unwrap returns the file system below, as vfs.FS asks for.
func (f calmFS) Unwrap() vfs.FS { return f.FS }

// A calmScheduler lets Pebble compact no more once it has met a failure. It tries a compaction whose input cannot be read again at once, with
// nothing in between: a table that is damaged would take a whole core for as long as the store is open.
type calmScheduler struct {
	pebble.CompactionScheduler
	failure *failure
}

// newCalmScheduler wraps Pebble's own, of which only the one without a ticker can be had: that looks 10 times a second whether more compactions may
// run side by side than a moment ago, which a store can wait to see until the one that runs has ended.
func newCalmScheduler(f *failure) calmScheduler {
	return calmScheduler{CompactionScheduler: pebble.NewConcurrencyLimitSchedulerWithNoPeriodicGrantingForTest(), failure: f}
}

// Register gives the scheduler the database that it asks how many compactions may run.
func (s calmScheduler) Register(goroutines int, db pebble.DBForCompaction) {
	s.CompactionScheduler.Register(goroutines, calmDB{DBForCompaction: db, failure: s.failure})
}

type calmDB struct {
	pebble.DBForCompaction
	failure *failure
}

// GetAllowedWithoutPermission is how many compactions may run: none after a failure.
func (d calmDB) GetAllowedWithoutPermission() int {
	if d.failure.get() != nil {
		return 0
	}
	return d.DBForCompaction.GetAllowedWithoutPermission()
}

const (
	trialFile = "trial"
	// trialBytes is more than Pebble writes when it opens a store.
	trialBytes = 64 << 10
)

// tryWriting tells whether a disk takes what is written. On a full one files can be made and not filled, and Pebble then waits while it opens, for
// ever, for a flush that it tries again at once: its manifest stays broken when there is room again.
func tryWriting(fs vfs.FS, dir string) error {
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := fs.PathJoin(dir, trialFile)
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, trialBytes))
	return errors.Join(err, f.Close(), fs.Remove(path))
}

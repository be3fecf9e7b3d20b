package statestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// pebbleOptions are for many small databases in one process, read at random points.
func (s *Store) pebbleOptions() *pebble.Options {
	e := s.env
	o := &pebble.Options{
		FS:    calmFS{FS: e.fs, failure: s.failure, closing: s.closing},
		Cache: e.cache, FileCache: e.files,
		// The changelog is the log.
		DisableWAL:   true,
		MemTableSize: e.memTableBytes(),
		// Pebble would wait in a write for room in memory, for ever on a full disk, and could not be closed meanwhile: Apply waits itself.
		MemTableStopWritesThreshold: 1000,
		L0CompactionThreshold:       4,
		// Writes that wait for compactions would hold a whole lane.
		L0StopWritesThreshold:      1000,
		LBaseMaxBytes:              64 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		// Pebble reads every table for its statistics when it opens a store, and one that cannot be read again at once, for ever: a damaged table takes a
		// whole core. They would have tables with many tombstones compacted first.
		DisableTableStats:  true,
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             quiet{s},
		EventListener:      &pebble.EventListener{BackgroundError: s.failed, FlushEnd: s.flushEnded, DataCorruption: s.foundDamage},
	}
	for i := range o.Levels {
		o.Levels[i] = pebble.LevelOptions{
			// A point read decompresses one block.
			BlockSize: 4 << 10, IndexBlockSize: 256 << 10,
			FilterPolicy: bloom.FilterPolicy(10), FilterType: pebble.TableFilter,
			Compression: func() *sstable.CompressionProfile { return sstable.SnappyCompression },
		}
	}
	o.Experimental.CompactionScheduler = newCalmScheduler(s.failure)
	return o
}

// Writes to many small tables in memory cost more, down to half the rate at 1 MiB; 4 MiB for each of a hundred stores would be the machine. So
// stores share a budget, within these bounds. Each has two: Pebble keeps the one that was written to disk for later.
const (
	memTablesBytes   = 96 << 20
	memTablesEach    = 2
	memTableBytesMin = 512 << 10
	memTableBytesMax = 4 << 20
)

func (e *Env) memTableBytes() uint64 {
	if e.options.MemTableBytes > 0 {
		return uint64(e.options.MemTableBytes)
	}
	return uint64(min(max(memTablesBytes/(memTablesEach*e.options.Stores), memTableBytesMin), memTableBytesMax))
}

// memTablesShare is what the stores' tables in memory may take of Pebble's cache, which accounts for them. Without it nothing of the files would be kept
// beside them, and each look for a new key would read and unpack an index. As long as fewer stores are open than may be, files have it.
func (e *Env) memTablesShare() int64 {
	return min(memTablesBytes, memTablesEach*int64(e.options.Stores)*int64(e.memTableBytes()))
}

// memTablesWaiting is how many tables in memory may wait for the disk before Apply waits for them.
const memTablesWaiting = 4

// quiet is Pebble's logger: its news is nobody's, its errors come back from calls.
type quiet struct{ store *Store }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

// Fatalf is called when Pebble has lost hold of the disk: it could not write its manifest and does not know what is in it. It counts on not going
// on, which a store that has failed does not; opening it again reads what is there. Without an error it is a bug, and there is no way on.
func (q quiet) Fatalf(format string, args ...any) {
	for _, a := range args {
		if err, ok := a.(error); ok {
			q.store.failed(err)
			return
		}
	}
	panic(fmt.Sprintf("store of "+q.store.name+": "+format, args...))
}

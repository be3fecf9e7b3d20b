package statestore

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// pebbleOptions are for many small databases in one process, read at random points.
func (e *Env) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:    e.fs,
		Cache: e.cache, FileCache: e.files,
		// The changelog is the log.
		DisableWAL:                  true,
		MemTableSize:                e.memTableBytes(),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		// Writes that wait for compactions would hold a whole lane.
		L0StopWritesThreshold:      1000,
		LBaseMaxBytes:              64 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		FormatMajorVersion:         pebble.FormatNewest,
		Logger:                     quiet{e},
		EventListener:              &pebble.EventListener{BackgroundError: e.unhealthy},
	}
	for i := range o.Levels {
		o.Levels[i] = pebble.LevelOptions{
			// A point read decompresses one block.
			BlockSize: 4 << 10, IndexBlockSize: 256 << 10,
			FilterPolicy: bloom.FilterPolicy(10), FilterType: pebble.TableFilter,
			Compression: func() *sstable.CompressionProfile { return sstable.SnappyCompression },
		}
	}
	return o
}

// Writes to many small tables in memory cost more, down to half the rate at 1 MiB; 4 MiB for each of a hundred stores would be the machine. So
// stores share a budget, within these bounds.
const (
	memTablesBytes   = 96 << 20
	memTableBytesMin = 1 << 20
	memTableBytesMax = 4 << 20
)

func (e *Env) memTableBytes() uint64 {
	return uint64(min(max(memTablesBytes/e.options.Stores, memTableBytesMin), memTableBytesMax))
}

// quiet is Pebble's logger: its news is nobody's, its errors come back from calls. It calls Fatalf when it has lost hold of the disk (it cannot
// write its manifest) and counts on not going on.
type quiet struct{ env *Env }

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}

func (q quiet) Fatalf(format string, args ...any) {
	err := fmt.Errorf("state directory %s: "+format, append([]any{q.env.dir}, args...)...)
	q.env.unhealthy(err)
	panic(err)
}

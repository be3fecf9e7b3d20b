package simulation

import (
	"errors"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A disk is where one life of an instance keeps its stores. After kill nothing reaches it any more: what a killed process had not written is lost.
type disk struct {
	vfs.FS
	tally *tally

	mu    sync.Mutex
	dead  bool
	fault diskFault
}

// A diskFault is what a disk has for a while.
type diskFault string

const (
	noFault     diskFault = ""
	failsWrites diskFault = "writes fail"
	failsSyncs  diskFault = "syncs fail"
	failsReads  diskFault = "reads fail"
	isFull      diskFault = "full"
	isSlow      diskFault = "slow"
)

var diskFaults = []diskFault{failsWrites, failsSyncs, failsReads, isFull, isSlow}

// slowBy is what each write and sync of a table takes on a slow disk.
const slowBy = 30 * time.Millisecond

var errKilled = errors.New("the process was killed")

func newDisk(fs vfs.FS, counts *tally) *disk {
	d := &disk{tally: counts}
	d.FS = errorfs.Wrap(fs, errorfs.InjectorFunc(d.judge))
	return d
}

func (d *disk) kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

func (d *disk) set(f diskFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// judge tells what becomes of an operation.
func (d *disk) judge(op errorfs.Op) error {
	d.mu.Lock()
	dead, fault := d.dead, d.fault
	d.mu.Unlock()
	writes := op.Kind.ReadOrWrite() == errorfs.OpIsWrite
	if dead && writes {
		return errKilled
	}
	if op.Kind == errorfs.OpCreate && strings.HasSuffix(op.Path, ".sst") {
		d.tally.add("disk operations", "tables begun", 1)
	}
	var err error
	switch fault {
	case failsWrites:
		if writes && op.Kind != errorfs.OpFileClose && op.Kind != errorfs.OpLock {
			err = syscall.EIO
		}
	case failsSyncs:
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo {
			err = syscall.EIO
		}
	case failsReads:
		if op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpFileReadAt || op.Kind == errorfs.OpOpen {
			err = syscall.EIO
		}
	case isFull:
		// Files can be made, and not filled.
		if op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileWriteAt || op.Kind == errorfs.OpFilePreallocate {
			err = syscall.ENOSPC
		}
	case isSlow:
		// Only tables: Pebble holds no mutex then. A goroutine that waits for a mutex would stop virtual time.
		if (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileSync) && strings.HasSuffix(op.Path, ".sst") {
			d.tally.add("disk operations", string(fault), 1)
			time.Sleep(slowBy)
		}
	case noFault:
	}
	if err != nil {
		d.tally.add("disk operations", string(fault), 1)
	}
	return err
}

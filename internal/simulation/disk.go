package simulation

import (
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A disk is where one life of an instance keeps its stores. After kill nothing reaches it any more: what a killed process had not written is lost.
type disk struct {
	vfs.FS
	dead *atomic.Bool
}

var errKilled = errors.New("the process was killed")

func newDisk(fs vfs.FS) disk {
	dead := new(atomic.Bool)
	wrapped := errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if dead.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errKilled
		}
		return nil
	}))
	return disk{FS: wrapped, dead: dead}
}

func (d disk) kill() { d.dead.Store(true) }

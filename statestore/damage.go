package statestore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// A DamagedError says that the files of a store are not what was written: a checksum is wrong, a file is missing or of another size. What is left
// is of no use, and of no worth either: the changelog has everything. [Env.OpenEmpty] begins anew.
//
// A disk that fails to read, or a store of a newer format, is no damage: the files may be good.
type DamagedError struct {
	// Store is "component/shard", Dir where its files are.
	Store, Dir string
	Err        error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the store of %s in %s is damaged: %v", e.Store, e.Dir, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// sizeMismatch is in Pebble's error for a table that is not as long as its manifest says, which it marks in no other way.
const sizeMismatch = "object size mismatch"

// isDamage tells whether what Pebble complains of are the files themselves.
func isDamage(err error) bool {
	return pebble.IsCorruptionError(err) || errors.Is(err, errManifestCut) || errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), sizeMismatch)
}

// A damageBook holds what stores met of damage while they were open: Pebble opens most of them again without noticing.
type damageBook struct {
	mu    sync.Mutex
	found map[string]error
}

func (b *damageBook) note(dir string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.found == nil {
		b.found = make(map[string]error)
	}
	if b.found[dir] == nil {
		b.found[dir] = err
	}
}

func (b *damageBook) of(dir string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.found[dir]
}

func (b *damageBook) forget(dir string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.found, dir)
}

// judge gives damage its name and remembers it.
func (s *Store) judge(err error) error {
	if !isDamage(err) {
		return err
	}
	s.env.damage.note(s.dir, err)
	return &DamagedError{Store: s.name, Dir: s.dir, Err: err}
}

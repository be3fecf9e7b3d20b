package statestore

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"github.com/partita-io/partita/internal/invariants"
)

// A Store is one task's state. Reads may come from several goroutines; Apply from one at a time.
type Store struct {
	env  *Env
	dir  string
	name string
	db   *pebble.DB
	// buf builds keys for Apply.
	buf []byte
}

// A Change sets a key, or deletes it when Value is nil.
type Change struct {
	Key, Value []byte
}

// User keys stand behind one byte, so that our own never meet them.
const (
	metaPrefix = 0x00
	userPrefix = 0x01
)

var checkpointKey = []byte{metaPrefix, 'c'}

func (s *Store) open() error {
	db, err := pebble.Open(s.dir, s.env.pebbleOptions())
	if err != nil {
		return fmt.Errorf("opening the store of %s in %s: %w", s.name, s.dir, err)
	}
	s.db = db
	return nil
}

// Get returns a copy of the value of key, nil if there is none.
func (s *Store) Get(key []byte) ([]byte, error) {
	var stack [128]byte
	// An iterator with a prefix, and not DB.Get: only this road asks the filters of the lowest level, and that is ten times as fast for keys that
	// are not there, which is every new entity.
	it, err := s.db.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return nil, s.reading(err)
	}
	full := append(append(stack[:0], userPrefix), key...)
	var value []byte
	if it.SeekPrefixGE(full) && bytes.Equal(it.Key(), full) {
		value = append([]byte{}, it.Value()...)
	}
	if err := it.Close(); err != nil {
		return nil, s.reading(err)
	}
	return value, nil
}

func (s *Store) reading(err error) error {
	return fmt.Errorf("reading the store of %s: %w", s.name, err)
}

// Scan calls fn for keys with the prefix, in order, until it returns false. The slices are good until fn returns.
func (s *Store) Scan(prefix []byte, fn func(key, value []byte) bool) error {
	lower := append([]byte{userPrefix}, prefix...)
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: after(lower)})
	if err != nil {
		return s.reading(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		if !fn(it.Key()[1:], it.Value()) {
			break
		}
	}
	if err := it.Close(); err != nil {
		return s.reading(err)
	}
	return nil
}

// after is the first key behind all that begin with prefix.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// Apply writes changes and the checkpoint they lead to, all or nothing. Later changes of a key win.
func (s *Store) Apply(changes []Change, checkpoint Checkpoint) error {
	if invariants.Enabled {
		before, ok, err := s.Checkpoint()
		invariants.Check(err != nil || !ok || before.TopicID != checkpoint.TopicID || before.Position <= checkpoint.Position,
			"store of %s goes back from %d to %d", s.name, before.Position, checkpoint.Position)
	}
	b := s.db.NewBatch()
	defer func() { _ = b.Close() }()
	for _, c := range changes {
		s.buf = append(append(s.buf[:0], userPrefix), c.Key...)
		var err error
		if c.Value == nil {
			err = b.Delete(s.buf, nil)
		} else {
			err = b.Set(s.buf, c.Value, nil)
		}
		if err != nil {
			return s.writing(err)
		}
	}
	if err := b.Set(checkpointKey, checkpoint.append(nil), nil); err != nil {
		return s.writing(err)
	}
	if err := b.Commit(pebble.NoSync); err != nil {
		return s.writing(err)
	}
	return nil
}

func (s *Store) writing(err error) error {
	return fmt.Errorf("writing to the store of %s: %w", s.name, err)
}

// Checkpoint returns what the content corresponds to; false for a store that nothing was applied to.
func (s *Store) Checkpoint() (Checkpoint, bool, error) {
	value, closer, err := s.db.Get(checkpointKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return Checkpoint{}, false, nil
	}
	if err != nil {
		return Checkpoint{}, false, s.reading(err)
	}
	checkpoint, err := parseCheckpoint(value)
	if err := errors.Join(err, closer.Close()); err != nil {
		return Checkpoint{}, false, s.reading(err)
	}
	return checkpoint, true, nil
}

// SizeBytes is what the store takes on disk and in memory tables.
func (s *Store) SizeBytes() int64 {
	m := s.db.Metrics()
	return int64(m.DiskSpaceUsage()) + int64(m.MemTable.Size)
}

// Clear empties the store: what it held cannot be brought up to date.
func (s *Store) Clear() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the store of %s: %w", s.name, err)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("clearing the store of %s: %w", s.name, err)
	}
	return s.open()
}

// Close flushes and closes. Without the flush Pebble would throw away what is in memory, and the next start would read it from the changelog.
func (s *Store) Close() error {
	err := s.db.Flush()
	if err := errors.Join(err, s.db.Close()); err != nil {
		return fmt.Errorf("closing the store of %s: %w", s.name, err)
	}
	return nil
}

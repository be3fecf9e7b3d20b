package statestore

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/partita-io/partita/internal/invariants"
)

// A Store is one task's state. Reads may come from several goroutines; Apply from one at a time.
type Store struct {
	env       *Env
	dir       string
	component string
	name      string
	// entered: the store is in the book of those that are open.
	entered bool
	// db is nil when the store is closed.
	db *pebble.DB
	// failure is why nothing more can be written; closing ends the pauses it leads to.
	failure *failure
	closing chan struct{}
	// flushed gets a value after a flush.
	flushed chan struct{}
	// buf builds keys for Apply.
	buf []byte
	// appliedBytes is what Apply has written since it last looked how much waits for the disk.
	appliedBytes int
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

// clearedSuffix is behind the name of a directory that is being removed.
const clearedSuffix = ".cleared"

// entering opens the store, by one of the ways to do it, as one that is not to be removed.
func (s *Store) entering(open func() error) (*Store, error) {
	s.env.opened.enter(s.component)
	if err := open(); err != nil {
		s.env.opened.leave(s.component)
		return nil, err
	}
	s.entered = true
	return s, nil
}

func (s *Store) open() error {
	if err := s.env.fs.RemoveAll(s.dir + clearedSuffix); err != nil {
		return fmt.Errorf("clearing the store of %s: %w", s.name, err)
	}
	s.failure, s.closing, s.flushed = newFailure(), make(chan struct{}), make(chan struct{}, 1)
	var db *pebble.DB
	err := tryWriting(s.env.fs, s.dir)
	if err == nil {
		db, err = openDB(s.env.fs, s.dir, s.pebbleOptions())
	}
	if err != nil {
		if isDamage(err) {
			return s.judge(err)
		}
		return fmt.Errorf("opening the store of %s: %w: make its directory %s readable and writable, or delete it while no process uses it, "+
			"and it is restored from the changelog", s.name, err, s.dir)
	}
	s.db = db
	return nil
}

// failed takes what went wrong in the background. Pebble holds a lock while it tells.
func (s *Store) failed(err error) {
	err = fmt.Errorf("store of %s in %s: %w", s.name, s.dir, s.judge(err))
	if s.failure.fail(err) {
		s.env.unhealthy(err)
	}
}

// foundDamage is told of a file that is not what was written, whoever reads it: without it Pebble takes the process down.
func (s *Store) foundDamage(info pebble.DataCorruptionInfo) {
	s.failed(fmt.Errorf("%s: %w", info.Path, info.Details))
}

func (s *Store) flushEnded(pebble.FlushInfo) {
	select {
	case s.flushed <- struct{}{}:
	default:
	}
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
	return fmt.Errorf("reading the store of %s: %w", s.name, s.judge(err))
}

// Scan calls fn for keys with the prefix, in order, until it returns false. The slices are good until fn returns.
func (s *Store) Scan(prefix []byte, fn func(key, value []byte) bool) error {
	lower := append([]byte{userPrefix}, prefix...)
	return s.scan(s.db, lower, after(lower), fn)
}

// ScanFrom calls fn for the keys from a key on, in order, until it returns false or an error, which is returned. The checkpoint is the one that all of
// them correspond to: the zero one for a store that nothing was applied to. What is applied meanwhile is not seen. The slices are good until fn returns.
func (s *Store) ScanFrom(from []byte, fn func(key, value []byte) (bool, error)) (Checkpoint, error) {
	snapshot := s.db.NewSnapshot()
	checkpoint, _, err := s.checkpointIn(snapshot)
	var failed error
	if err == nil {
		err = s.scan(snapshot, append([]byte{userPrefix}, from...), after([]byte{userPrefix}), func(key, value []byte) bool {
			var goOn bool
			goOn, failed = fn(key, value)
			return goOn && failed == nil
		})
	}
	if err := errors.Join(failed, err, snapshot.Close()); err != nil {
		return Checkpoint{}, err
	}
	return checkpoint, nil
}

func (s *Store) scan(in pebble.Reader, lower, upper []byte, fn func(key, value []byte) bool) error {
	it, err := in.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
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

// Apply writes changes and the checkpoint they lead to, all or nothing. Later changes of a key win. After an error the store takes no more: it is
// to be closed, and opened again when the disk is mended.
func (s *Store) Apply(changes []Change, checkpoint Checkpoint) error {
	if err := s.awaitRoom(); err != nil {
		return s.writing(err)
	}
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
	s.appliedBytes += b.Len()
	if err := b.Commit(pebble.NoSync); err != nil {
		return s.writing(err)
	}
	return nil
}

// awaitRoom waits until what waits for the disk is little enough. To ask Pebble costs more than a small Apply, so it is asked once in a while.
func (s *Store) awaitRoom() error {
	if err := s.failure.get(); err != nil {
		return err
	}
	table := int(s.env.memTableBytes())
	if s.appliedBytes < table/2 {
		return nil
	}
	s.appliedBytes = 0
	for s.db.Metrics().MemTable.Size > uint64(memTablesWaiting*table) {
		select {
		case <-s.flushed:
		case <-s.failure.set:
			return s.failure.err
		}
	}
	return nil
}

func (s *Store) writing(err error) error {
	return fmt.Errorf("writing to the store of %s: %w", s.name, err)
}

// Checkpoint returns what the content corresponds to; false for a store that nothing was applied to.
func (s *Store) Checkpoint() (Checkpoint, bool, error) { return s.checkpointIn(s.db) }

func (s *Store) checkpointIn(in pebble.Reader) (Checkpoint, bool, error) {
	value, closer, err := in.Get(checkpointKey)
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

// Clear empties the store: what it held cannot be brought up to date. After an error it is closed.
func (s *Store) Clear() error {
	// What closing complains of is about to be deleted.
	_ = s.closeDB()
	return s.renew()
}

// renew opens the store, which is closed, anew and empty.
func (s *Store) renew() error {
	// A directory that is half deleted could not be opened any more.
	err := s.env.fs.RemoveAll(s.dir + clearedSuffix)
	if err == nil {
		err = s.env.fs.Rename(s.dir, s.dir+clearedSuffix)
	}
	if err != nil {
		return fmt.Errorf("clearing the store of %s: %w", s.name, err)
	}
	s.env.damage.forget(s.dir)
	return s.open()
}

// Close flushes and closes. Without the flush Pebble would throw away what is in memory, and the next start would read it from the changelog; so
// it is when the disk takes no more. To close again does nothing.
func (s *Store) Close() error {
	if s.entered {
		s.entered = false
		defer s.env.opened.leave(s.component)
	}
	if s.db == nil {
		return nil
	}
	err := s.Flush()
	if err := errors.Join(err, s.closeDB()); err != nil {
		return fmt.Errorf("closing the store of %s: %w", s.name, err)
	}
	return nil
}

// Flush returns when all that was applied is on disk. Nothing hangs on it: what a crash takes is in the changelog.
func (s *Store) Flush() error {
	if err := s.failure.get(); err != nil {
		return err
	}
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		return err
	}
	select {
	case <-flushed:
		return nil
	case <-s.failure.set:
		return s.failure.err
	}
}

func (s *Store) closeDB() error {
	close(s.closing)
	db := s.db
	s.db = nil
	return db.Close()
}

package statestore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options bound what all stores of a process use together.
type Options struct {
	// Context is the bounded context that the directory belongs to.
	Context string
	// CacheBytes is how much of the files is kept in memory. Default 64 MiB.
	CacheBytes int64
	// Stores is how many stores may be open at once: they share a budget of memory for what is not on disk yet. Default 8.
	Stores int
	// MemTableBytes is the size of one store's table in memory, which is written to disk when it is full. Default: its share of the budget.
	MemTableBytes int64
	// OpenFiles is how many files may be open at once. Default 1000.
	OpenFiles int
	// FS is the disk that stores are on; nil: the machine's. The files beside them are always on that.
	FS vfs.FS
	// Unhealthy is told of trouble in the background (a full disk, a failing device) that no call could return. May be nil.
	Unhealthy func(error)
}

const (
	defaultCacheBytes = 64 << 20
	defaultStores     = 8
	defaultOpenFiles  = 1000
)

// An Env is a process's state directory: locked, of one context, with the instance's identity in it. Its stores share one block cache and one
// cache of files.
type Env struct {
	dir      string
	instance string
	lock     *dirLock
	options  Options
	cache    *pebble.Cache
	files    *pebble.FileCache
	// fs is the disk; tests put another one here.
	fs vfs.FS
	// damage and opened are shared by copies of an Env, as tests make them.
	damage *damageBook
	opened *openBook
}

// The files of a state directory beside the stores; docs/formats/store.md has their layout.
const (
	lockFile     = "lock"
	metaFile     = "meta"
	instanceFile = "instance"
	metaFormat   = "partita state 1"
)

// OpenEnv opens the state directory of a context, made if it is not there.
func OpenEnv(dir string, options Options) (*Env, error) {
	if options.CacheBytes == 0 {
		options.CacheBytes = defaultCacheBytes
	}
	if options.Stores == 0 {
		options.Stores = defaultStores
	}
	if options.OpenFiles == 0 {
		options.OpenFiles = defaultOpenFiles
	}
	if options.FS == nil {
		options.FS = vfs.Default
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("state directory %s: %w: make it writable, or name another one with --state-dir", dir, err)
	}
	lock, err := lockDir(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	e := &Env{dir: dir, lock: lock, options: options, fs: options.FS, damage: new(damageBook), opened: new(openBook)}
	if err := e.identify(); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	e.cache = pebble.NewCache(options.CacheBytes + e.memTablesShare())
	e.files = pebble.NewFileCache(fileCacheShards, options.OpenFiles)
	return e, nil
}

const fileCacheShards = 4

// identify checks whose directory it is, and reads or makes the instance's id.
func (e *Env) identify() error {
	meta, err := readOrMake(filepath.Join(e.dir, metaFile), metaFormat+"\n"+e.options.Context+"\n")
	if err != nil {
		return fmt.Errorf("state directory %s: %w", e.dir, err)
	}
	format, rest, _ := strings.Cut(meta, "\n")
	if format != metaFormat {
		return fmt.Errorf("state directory %s is of format %q, this version reads %q: run the version that wrote it, or name an empty directory with --state-dir",
			e.dir, format, metaFormat)
	}
	if owner := strings.TrimSpace(rest); owner != e.options.Context {
		return fmt.Errorf("state directory %s belongs to context %s, not to %s: name another one with --state-dir", e.dir, owner, e.options.Context)
	}
	instance, err := readOrMake(filepath.Join(e.dir, instanceFile), newInstanceID()+"\n")
	if err != nil {
		return fmt.Errorf("state directory %s: %w", e.dir, err)
	}
	if e.instance = strings.TrimSpace(instance); e.instance == "" || strings.ContainsAny(e.instance, "/ \n") {
		return fmt.Errorf("state directory %s: file %s does not hold an id: delete it, a new one is made", e.dir, instanceFile)
	}
	return nil
}

// InstanceID names this process's place in the context: random, made once, the same at every start.
func (e *Env) InstanceID() string { return e.instance }

// Open opens a task's store, made if it is not there. Only one may be open for a task at a time. A store that was found to be damaged is not
// opened: the error is a [*DamagedError].
func (e *Env) Open(component string, shard int32) (*Store, error) {
	s := e.store(component, shard)
	if err := e.damage.of(s.dir); err != nil {
		return nil, s.judge(err)
	}
	return s.entering(s.open)
}

// OpenEmpty throws away what a task's store has on disk, whatever it is, and opens it empty.
func (e *Env) OpenEmpty(component string, shard int32) (*Store, error) {
	s := e.store(component, shard)
	return s.entering(s.renew)
}

// RemoveStore deletes what a task's store, which is closed, has on disk.
func (e *Env) RemoveStore(component string, shard int32) error {
	s := e.store(component, shard)
	err := errors.Join(e.fs.RemoveAll(s.dir), e.fs.RemoveAll(s.dir+clearedSuffix))
	if err != nil {
		return fmt.Errorf("removing the store of %s: %w", s.name, err)
	}
	e.damage.forget(s.dir)
	return nil
}

func (e *Env) store(component string, shard int32) *Store {
	dir := filepath.Join(e.dir, e.options.Context, component, strconv.Itoa(int(shard)))
	return &Store{env: e, dir: dir, component: component, name: component + "/" + strconv.Itoa(int(shard))}
}

// Close gives the directory up. All stores must be closed before.
func (e *Env) Close() error {
	e.files.Unref()
	e.cache.Unref()
	return e.lock.release()
}

// unhealthy passes on what happened in the background.
func (e *Env) unhealthy(err error) {
	if e.options.Unhealthy != nil {
		e.options.Unhealthy(err)
	}
}

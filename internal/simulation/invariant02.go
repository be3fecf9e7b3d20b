package simulation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
)

// A found store is what a life left behind on its disk, whichever way it ended.
type found struct {
	life, component string
	shard           int32
	position        int64
	content         map[string]string
}

// inspect reads the stores of an instance that has just ended, by the layout of docs/formats/store.md.
func (in *instance) inspect(life string) error {
	var errs []error
	for component := range changelogs {
		for shard := range int32(shards) {
			dir := in.storeDirectory(component, shard)
			if _, err := in.store.Stat(dir); err != nil {
				continue
			}
			f, err := in.readStore(dir)
			if err != nil && in.damaged[dir] {
				continue
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("invariant 2: %s left store %s/%d that cannot be read: %w", life, component, shard, err))
				continue
			}
			f.life, f.component, f.shard = life, component, shard
			in.world.found = append(in.world.found, f)
		}
	}
	return errors.Join(errs...)
}

func (in *instance) storeDirectory(component string, shard int32) string {
	return in.store.PathJoin(in.directory(), bank.Name, component, strconv.Itoa(int(shard)))
}

func (in *instance) readStore(dir string) (f found, err error) {
	if names, err := in.store.List(dir); err != nil || len(names) == 0 {
		return f, err // It was made and not filled.
	}
	db, err := pebble.Open(dir, &pebble.Options{
		FS: in.store, ReadOnly: true, Logger: silent{}, MemTableSize: 64 << 10, DisableWAL: true,
		EventListener: &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}, // It is an error, too.
	})
	if errors.Is(err, pebble.ErrDBDoesNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	f.content = map[string]string{}
	it, err := db.NewIter(nil)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		switch key := it.Key(); {
		case key[0] == 1:
			f.content[string(key[1:])] = string(it.Value())
		case string(key) == "\x00c":
			f.position = int64(binary.BigEndian.Uint64(it.Value()[17:]))
		}
	}
	return f, it.Error()
}

type silent struct{}

func (silent) Infof(string, ...any)         {}
func (silent) Errorf(string, ...any)        {}
func (silent) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

// checkFound: invariant 2, a store contains a prefix of committed history, and says which. Each store that any life left is compared with the
// committed records below its position.
func (w *world) checkFound() error {
	var errs []error
	for _, f := range w.found {
		want := map[string]string{}
		for _, e := range w.history.log(changelogs[f.component], f.shard) {
			if e.Offset >= f.position {
				break
			}
			want[string(e.Key)] = string(e.Value)
			if e.Value == nil {
				delete(want, string(e.Key))
			}
		}
		if !maps.Equal(want, f.content) {
			errs = append(errs, fmt.Errorf("invariant 2: %s left store %s/%d with other content than the changelog has below its position %d: %w", f.life, f.component, f.shard, f.position,
				differences("key", want, f.content, func(a, b string) bool { return a == b })))
		}
	}
	return errors.Join(some(errs)...)
}

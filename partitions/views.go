package partitions

import (
	"sync"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/statestore"
)

// Views answers questions about committed state from the stores of this process, while its context runs. Make one with NewViews and give it to
// Run in Config.
type Views struct {
	// mu guards the rest, and is held for reading while a store is read, so that none is closed meanwhile.
	mu     sync.RWMutex
	stores map[viewKey]*statestore.Store
	// overlays are what the windows of each lane took when they were last looked at, by component.
	overlays map[string]map[string]int64
}

type viewKey struct {
	component string
	shard     int32
}

// NewViews returns a Views that knows no store yet.
func NewViews() *Views {
	return &Views{stores: make(map[viewKey]*statestore.Store), overlays: make(map[string]map[string]int64)}
}

// Get returns the committed value of key in the store of a component whose context has so many shards, nil if there is none. here is false when
// the key's shard is not running in this process.
func (v *Views) Get(component string, key []byte, shards int32) (value []byte, here bool, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	store, here := v.stores[viewKey{component, records.Partition(key, shards)}]
	if !here {
		return nil, false, nil
	}
	value, err = store.Get(key)
	return value, true, err
}

// SizeBytes is what the stores of each component take, in memory and on disk.
func (v *Views) SizeBytes() map[string]int64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	sizes := make(map[string]int64)
	for k, store := range v.stores {
		sizes[k.component] += store.SizeBytes()
	}
	return sizes
}

// OverlayBytes is about what the changes of uncommitted windows take, by component.
func (v *Views) OverlayBytes() map[string]int64 {
	v.mu.RLock()
	defer v.mu.RUnlock()
	sizes := make(map[string]int64)
	for k := range v.stores {
		sizes[k.component] += 0 // Nothing is a figure, too.
	}
	for _, lane := range v.overlays {
		for component, bytes := range lane {
			sizes[component] += bytes
		}
	}
	return sizes
}

func (v *Views) setOverlays(lane string, sizes map[string]int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.overlays[lane] = sizes
}

func (v *Views) show(tasks []*task) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range tasks {
		if t.store != nil {
			v.stores[viewKey{t.component.Name, t.shard.number}] = t.store
		}
	}
}

func (v *Views) hide(tasks []*task) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, t := range tasks {
		delete(v.stores, viewKey{t.component.Name, t.shard.number})
	}
}

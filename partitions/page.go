package partitions

import (
	"bytes"

	"github.com/partita-io/partita/kafka/records"
)

// A Page is a part of what a store holds, in the order of its keys, all of one moment.
type Page struct {
	// Position is that of the changelog which the content corresponds to: everything below it is in the store, nothing from there on.
	Position records.Position
	Entries  []Entry
	// Last tells that the store holds nothing behind the page.
	Last bool
}

// An Entry is a key of a store with its value.
type Entry struct{ Key, Value []byte }

// Page returns what the store of a component's task on a shard holds from a key on, until it is so many bytes, and one entry at least if there is
// any. here is false when the shard is not running in this process.
func (v *Views) Page(component string, shard int32, from []byte, mostBytes int) (page Page, here bool, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	store, here := v.stores[viewKey{component, shard}]
	if !here {
		return Page{}, false, nil
	}
	page.Last = true
	size := 0
	checkpoint, err := store.ScanFrom(from, func(key, value []byte) (bool, error) {
		if size += len(key) + len(value); size > mostBytes && len(page.Entries) > 0 {
			page.Last = false
			return false, nil
		}
		page.Entries = append(page.Entries, Entry{Key: bytes.Clone(key), Value: bytes.Clone(value)})
		return true, nil
	})
	page.Position = records.Position(checkpoint.Position)
	return page, true, err
}

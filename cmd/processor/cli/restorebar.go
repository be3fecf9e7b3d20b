package cli

import (
	"fmt"
	"strings"
	"sync"

	"github.com/partita-io/partita/partitions"
)

// restoreBar shows on a terminal how far the stores are that are restored; elsewhere log lines tell.
type restoreBar struct {
	// mu guards the rest: stores are restored side by side.
	mu     sync.Mutex
	stores map[restoredStore]partitions.RestoreEvent
}

type restoredStore struct {
	component string
	shard     int32
}

func (b *restoreBar) listener() partitions.Listener {
	b.stores = make(map[restoredStore]partitions.RestoreEvent)
	return partitions.Listener{
		RestoreProgress: func(e partitions.RestoreEvent) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.stores[restoredStore{e.Component, e.Shard}] = e
		},
		ShardClosed: func(e partitions.ShardEvent) {
			b.mu.Lock()
			defer b.mu.Unlock()
			for store := range b.stores {
				if store.shard == e.Shard {
					delete(b.stores, store)
				}
			}
		},
	}
}

// showRestore shows the bar of what the listener is told until stop is called.
func (a *app) showRestore() (l partitions.Listener, stop func()) {
	if !isTerminal(a.err) {
		return partitions.Listener{}, func() {}
	}
	var bar restoreBar
	return bar.listener(), showProgress(a.err, bar.String)
}

const barWidth = 30

// String is "restoring [#####.....]  50 %  1000 of 2000 records  stores: 2", empty when nothing is restored. Stores that are whole count until
// all are, so that the bar only grows.
func (b *restoreBar) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var read, remaining int64
	open := 0
	for _, e := range b.stores {
		read += e.RecordsRead
		remaining += e.Remaining
		if e.Remaining > 0 {
			open++
		}
	}
	if open == 0 {
		clear(b.stores)
		return ""
	}
	total := read + remaining
	full := int(barWidth * read / total)
	return fmt.Sprintf("restoring [%s%s] %3d %%  %d of %d records  stores: %d",
		strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*read/total, read, total, open)
}

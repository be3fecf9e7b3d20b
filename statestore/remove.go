package statestore

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// An openBook knows which components have stores open, so that what is open is not removed.
type openBook struct {
	// mu is held while stores are removed, too: none of them is opened meanwhile.
	mu   sync.Mutex
	open map[string]int
}

func (b *openBook) enter(component string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.open = make(map[string]int)
	}
	b.open[component]++
}

func (b *openBook) leave(component string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[component]--
}

// Remove removes what the disk has of a component's stores, of all shards. It does nothing, and returns false, while one of them is open.
func (e *Env) Remove(component string) (removed bool, err error) {
	e.opened.mu.Lock()
	defer e.opened.mu.Unlock()
	if e.opened.open[component] > 0 {
		return false, nil
	}
	dir := filepath.Join(e.dir, e.options.Context, component)
	if err := e.fs.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("removing the stores of %s: %w: delete %s", component, err, dir)
	}
	return true, nil
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

// A memory is what owners answered about entities.
type memory struct {
	ask ledger.Inspect

	mu       sync.Mutex
	answered map[[2]string]ledger.Inspected
}

func newMemory(ask ledger.Inspect) *memory {
	return &memory{ask: ask, answered: make(map[[2]string]ledger.Inspected)}
}

func (m *memory) inspect(ctx context.Context, entity, id string) (ledger.Inspected, error) {
	found, err := m.ask(ctx, entity, id)
	if err == nil {
		m.mu.Lock()
		m.answered[[2]string{entity, id}] = found
		m.mu.Unlock()
	}
	return found, err
}

// differences asks about every entity again.
func (m *memory) differences(ctx context.Context) []ledger.Finding {
	var found []ledger.Finding
	for _, key := range slices.SortedFunc(maps.Keys(m.answered), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		before := m.answered[key]
		now, err := m.ask(ctx, key[0], key[1])
		switch {
		case err != nil:
			found = append(found, ledger.Finding{Kind: ledger.StoreDiffers, Detail: fmt.Sprintf("%s/%s does not answer after a restore: %v", key[0], key[1], err)})
		case now.Sequence != before.Sequence || !bytes.Equal(now.State, before.State):
			found = append(found, ledger.Finding{Kind: ledger.StoreDiffers, Detail: fmt.Sprintf("%s/%s was %d %s and is %d %s after a restore from nothing",
				key[0], key[1], before.Sequence, before.State, now.Sequence, now.State)})
		}
	}
	return found
}

// forget kills every process at once and deletes every state directory, so that all there is comes from Kafka.
func (f *fleet) forget(ctx context.Context) error {
	if err := f.atOnce((*process).kill); err != nil {
		return err
	}
	for _, p := range f.processes {
		if err := os.RemoveAll(p.stateDir); err != nil {
			return err
		}
	}
	if err := f.startAll(); err != nil {
		return err
	}
	return f.awaitReady(ctx)
}

package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
)

// Inspect asks the owner of an entity for its state.
type Inspect func(ctx context.Context, entity, id string) (Inspected, error)

// Inspected is an entity as its owner has it.
type Inspected struct {
	Sequence int64
	// State is a JSON object.
	State []byte
	// Source is "owner"; anything else is no answer of an owner.
	Source string
}

const (
	// mostAsked owners' states are looked at: of more entities the rest is drawn.
	mostAsked = 2000
	// askedTogether: some inspect by starting a process.
	askedTogether = 4
)

// askOwners holds what owners have in their stores against the fold of the events, and tells how many it asked for.
func (w *Workload) askOwners(ctx context.Context, c *eventCheck, inspect Inspect) (int, []Finding) {
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Patience)
	defer cancel()
	chosen := w.choose(c.entities())
	var (
		mu       sync.Mutex
		findings []Finding
		all      sync.WaitGroup
		slots    = make(chan struct{}, askedTogether)
	)
	for _, id := range chosen {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := askOwner(ctx, id, c.folds[id].state, inspect); err != nil {
				mu.Lock()
				findings = append(findings, finding(StoreDiffers, "%s: %v", id, err))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return len(chosen), findings
}

// choose are all entities, or those that live at the end, and of the others as many as are drawn.
func (w *Workload) choose(ids []entityID) []entityID {
	if len(ids) <= mostAsked {
		return ids
	}
	alive := map[string]bool{}
	for _, t := range w.teams {
		for _, s := range t.slots {
			alive[s.id] = true
		}
	}
	r := rand.New(rand.NewPCG(w.cfg.Seed, 0))
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	slices.SortStableFunc(ids, func(a, b entityID) int {
		switch {
		case alive[a.ID] == alive[b.ID]:
			return 0
		case alive[a.ID]:
			return -1
		}
		return 1
	})
	return ids[:mostAsked]
}

// askOwner asks until the owner has what it should have, or ctx ends: then it tells what the last answer was.
func askOwner(ctx context.Context, id entityID, want state, inspect Inspect) error {
	for {
		err := inspectOnce(ctx, id, want, inspect)
		if err == nil || !wait(ctx, againEvery) {
			return err
		}
	}
}

func inspectOnce(ctx context.Context, id entityID, want state, inspect Inspect) error {
	got, err := inspect(ctx, id.Entity, id.ID)
	if err != nil {
		return fmt.Errorf("asking its owner: %w", err)
	}
	if got.Source != "owner" {
		return fmt.Errorf("its owner did not answer, %q did", got.Source)
	}
	s, err := parseState(got.Sequence, got.State)
	if err != nil {
		return err
	}
	if !s.equal(want) {
		return fmt.Errorf("the owner has %+v, the events make %+v", s, want)
	}
	return nil
}

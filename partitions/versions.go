package partitions

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Components may come and go while the engine runs: versions of what people know under one name. When there are others all shards are acquired anew with
// these, as after an error that lasts no longer than that.

// errOtherComponents is why a shard is acquired anew that ran with other components than those that are wanted.
var errOtherComponents = errors.New("other components are wanted")

// sameComponents tells whether two lists are of the same versions, on the same sides: all else about a component is in its name.
func sameComponents(a, b []Component) bool {
	return slices.EqualFunc(a, b, func(a, b Component) bool { return a.Name == b.Name && a.Side == b.Side })
}

// components are those that the shard is to have now; changed is closed when they are others.
func (s *shard) components() []*Component {
	c := s.engine.config.Controls
	c.mu.Lock()
	defer c.mu.Unlock()
	s.changed = c.changed
	var all []*Component
	for _, list := range [][]Component{s.engine.config.Components, c.wanted.Components} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}

// wantedPatience is how long shards wait for what operators want: it mostly comes before they are assigned, and without it they would be acquired twice.
const wantedPatience = 5 * time.Second

// awaitSoon returns when it is known what is wanted, or after a while without; false when ctx ended first.
func (c *Controls) awaitSoon(ctx context.Context) bool {
	c.mu.Lock()
	known, changed := c.known, c.changed
	c.mu.Unlock()
	if known {
		return true
	}
	timer := time.NewTimer(wantedPatience)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// removeGone removes from the disk what it has of components that are gone, as soon as their stores are closed.
func (rt *engine) removeGone(ctx context.Context) {
	for {
		c := rt.config.Controls
		c.mu.Lock()
		gone, changed := c.wanted.Gone, c.changed
		c.mu.Unlock()
		if !rt.removeStores(ctx, gone, changed) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// removeStores tries until nothing is left, or other components are wanted; false when ctx ended first.
func (rt *engine) removeStores(ctx context.Context, gone []string, changed <-chan struct{}) bool {
	for pause := acquirePauseMin; ; pause = min(2*pause, acquirePauseMax) {
		gone = slices.DeleteFunc(slices.Clone(gone), func(component string) bool {
			what := "removing the stores of " + component
			removed, err := rt.config.Stores.Remove(component)
			if err != nil {
				rt.waits.say(what, err)
				return false
			}
			rt.waits.over(what)
			return removed
		})
		if len(gone) == 0 {
			return ctx.Err() == nil
		}
		select {
		case <-changed:
			return true
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

package partitions

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
)

// A watcher of the mixture looks at what the members of the group run, after each rebalance. A component runs only where it is in the folder:
// on a shard whose owner lacks it, it stands still, and nothing of it is lost, until the shard moves or the owner is given the folder.
type mixtureWatcher struct {
	engine    *engine
	rebalance chan struct{}
}

func newMixtureWatcher(rt *engine) *mixtureWatcher {
	return &mixtureWatcher{engine: rt, rebalance: make(chan struct{}, 1)}
}

// rebalanced says that the members may have changed; it does not block.
func (w *mixtureWatcher) rebalanced() {
	select {
	case w.rebalance <- struct{}{}:
	default:
	}
}

// unsettledPause is how long to wait for a group that rebalances still: brokers show join metadata of stable groups only.
const unsettledPause = 500 * time.Millisecond

func (w *mixtureWatcher) run(ctx context.Context) {
	var told GroupEvent
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.rebalance:
		}
		now, settled := w.look(ctx)
		if !settled {
			w.rebalanced()
			if !sleep(ctx, unsettledPause) {
				return
			}
			continue
		}
		if !now.equal(told) {
			w.engine.listener.GroupChanged(now)
		}
		told = now
	}
}

func (w *mixtureWatcher) look(ctx context.Context) (GroupEvent, bool) {
	const what = "the description of the group"
	members, err := w.engine.asks.Members(ctx, w.engine.config.Context, w.engine.progressTopic)
	if err != nil {
		w.engine.waits.say(what, err)
		return GroupEvent{}, false
	}
	w.engine.waits.over(what)
	unknown := func(m admin.Member) bool { return !m.Joined }
	if len(members) == 0 || slices.ContainsFunc(members, unknown) {
		return GroupEvent{}, false
	}
	return groupOf(w.engine.config.Stores.InstanceID(), w.engine.config.offer().Components, members), true
}

// offer is what this process tells the group that it can run.
func (c *Config) offer() client.Offer {
	o := client.Offer{Version: c.Version, Components: slices.Clone(c.Brought)}
	for _, component := range c.Components {
		o.Components = append(o.Components, component.Name)
	}
	slices.Sort(o.Components)
	return o
}

// groupOf compares what members run with the components of this instance.
func groupOf(instance string, components []string, members []admin.Member) GroupEvent {
	e := GroupEvent{Versions: make(map[string][]string), Standing: make(map[string][]int32)}
	for _, m := range members {
		if m.Instance == instance {
			e.Held = len(m.Shards)
		}
		e.Versions[m.Offer.Version] = append(e.Versions[m.Offer.Version], m.Instance)
		for _, component := range components {
			if len(m.Shards) > 0 && !slices.Contains(m.Offer.Components, component) {
				e.Standing[component] = append(e.Standing[component], m.Shards...)
			}
		}
	}
	for _, instances := range e.Versions {
		slices.Sort(instances)
	}
	for _, shards := range e.Standing {
		slices.Sort(shards)
	}
	return e
}

// GroupEvent is who is in the group, what they run, and what stands still because they differ.
type GroupEvent struct {
	// Versions are the instances by the version that they run, "" for one that told none.
	Versions map[string][]string
	// Standing are the shards, by component of this process, whose owner lacks the component.
	Standing map[string][]int32
	// Held is how many shards this process was assigned. With more processes than shards it is 0 for some, which wait for one of the others to go.
	Held int
}

// Mixed tells whether more than one version runs.
func (e GroupEvent) Mixed() bool { return len(e.Versions) > 1 }

func (e GroupEvent) equal(other GroupEvent) bool {
	return e.Held == other.Held && maps.EqualFunc(e.Versions, other.Versions, slices.Equal) && maps.EqualFunc(e.Standing, other.Standing, slices.Equal)
}

package replicated

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
	"github.com/partita-io/partita/partitions"
)

// Values are the replicated values of a context, as far as this process has heard of them. They may be read from any number of goroutines.
type Values struct {
	types map[string]crdt.Type
	topic string

	// mu guards views.
	mu    sync.RWMutex
	views map[string]crdt.View
}

// New has the declared values, of which nobody has heard anything yet. topic is where contributions are published.
func New(types map[string]crdt.Type, topic string) *Values {
	v := &Values{types: types, topic: topic, views: make(map[string]crdt.View, len(types))}
	for name, t := range types {
		v.views[name], _ = crdt.Fold(t) // Of nothing, it cannot fail.
	}
	return v
}

// View is what is known of a value; of no type if it is not declared.
func (v *Values) View(name string) crdt.View {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.views[name]
}

// Name and Run make the values a need of all shards: who decided before it is known what was there would decide on less than had been seen before.
func (v *Values) Name() string { return "replicated values" }

// Run follows the topic until ctx ends.
func (v *Values) Run(ctx context.Context, cfg client.Config, tell func(partitions.NeedState)) error {
	var state partitions.NeedState
	// waiting is why nothing is read; unread is the last record that is no contribution: what it was to add is missing.
	var waiting, unread error
	show := func() {
		state.Trouble = errors.Join(waiting, unread)
		tell(state)
	}
	return follow.Run(ctx, cfg, follow.Request{
		Topic: v.topic,
		Apply: func(batch []*kgo.Record) {
			for _, r := range batch {
				if err := v.apply(r.Key, r.Value); err != nil {
					unread = fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
					show()
				}
			}
		},
		Level: func() {
			state.Met = true
			show()
		},
		Waiting: func(err error) {
			waiting = err
			show()
		},
	})
}

// apply takes one record of the topic. What is of a value that is not declared any more is passed over.
func (v *Values) apply(k, value []byte) error {
	name, replica, err := parseKey(k)
	if err != nil {
		return err
	}
	if _, declared := v.types[name]; !declared || value == nil {
		return nil
	}
	c, err := crdt.Parse(value)
	if err != nil {
		return fmt.Errorf("contribution %s: %w", k, err)
	}
	if c.Shard() != replica {
		return fmt.Errorf("contribution %s is of replica %d, not %d", k, c.Shard(), replica)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	next, err := v.views[name].With(c)
	if err != nil {
		return fmt.Errorf("contribution %s: %w", k, err)
	}
	v.views[name] = next
	return nil
}

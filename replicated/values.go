package replicated

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
)

// Values are the replicated values of a context, as far as this process has heard of them. They may be read from any number of goroutines.
type Values struct {
	types map[string]crdt.Type
	level chan struct{}
	once  sync.Once

	// mu guards views.
	mu    sync.RWMutex
	views map[string]crdt.View
}

// New has the declared values, of which nobody has heard anything yet.
func New(types map[string]crdt.Type) *Values {
	v := &Values{types: types, level: make(chan struct{}), views: make(map[string]crdt.View, len(types))}
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

// Level is closed when everything is known that was in the topic when Follow began.
func (v *Values) Level() <-chan struct{} { return v.level }

// Follow reads the topic and stays with it until ctx ends. trouble is told of what cannot be read or waited for.
func (v *Values) Follow(ctx context.Context, cfg client.Config, topic string, trouble func(error)) error {
	return follow.Run(ctx, cfg, follow.Request{
		Topic: topic,
		Apply: func(batch []*kgo.Record) {
			for _, r := range batch {
				if err := v.apply(r.Key, r.Value); err != nil {
					trouble(fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err))
				}
			}
		},
		Level: func() { v.once.Do(func() { close(v.level) }) },
		Waiting: func(err error) {
			if err != nil {
				trouble(err)
			}
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

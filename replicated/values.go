package replicated

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
)

// Values are the replicated values of a context, as far as this process has heard of them. They may be read from any number of goroutines.
type Values struct {
	types map[string]crdt.Type
	topic string

	// mu guards the rest.
	mu    sync.RWMutex
	known map[string]known
	// level says that all has been heard of that was there when reading began.
	level bool
	// heard is told how old each contribution was that came since then; nil: nobody.
	heard func(value string, delay time.Duration)
}

// A known value is what is known of one.
type known struct {
	view crdt.View
	// sizes are bytes of contributions, by replica.
	sizes map[int32]int
}

// Figures tell of a value.
type Figures struct {
	Name string
	Type crdt.Type
	// Contributions are how many tasks have changed it, Bytes what they take together.
	Contributions int
	Bytes         int64
}

// New has the declared values, of which nobody has heard anything yet. topic is where contributions are published.
func New(types map[string]crdt.Type, topic string) *Values {
	v := &Values{types: types, topic: topic, known: make(map[string]known, len(types))}
	for name, t := range types {
		view, _ := crdt.Fold(t) // Of nothing, it cannot fail.
		v.known[name] = known{view: view, sizes: map[int32]int{}}
	}
	return v
}

// Fill has nothing be known but these contributions, by the names of the values: for tests, where no topic is read.
func (v *Values) Fill(all map[string][]crdt.Contribution) error {
	fresh := New(v.types, v.topic)
	for name, contributions := range all {
		for _, c := range contributions {
			if err := fresh.learn(name, c, c.Size()); err != nil {
				return fmt.Errorf("replicated value %s: %w", name, err)
			}
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known = fresh.known
	return nil
}

// View is what is known of a value; of no type if it is not declared.
func (v *Values) View(name string) crdt.View {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.known[name].view
}

// Level tells whether all is known that was there when the process began to read.
func (v *Values) Level() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.level
}

// Figures tell how the values are, by their names.
func (v *Values) Figures() []Figures {
	v.mu.RLock()
	defer v.mu.RUnlock()
	all := make([]Figures, 0, len(v.types))
	for _, name := range slices.Sorted(maps.Keys(v.types)) {
		all = append(all, v.figuresLocked(name))
	}
	return all
}

func (v *Values) figuresLocked(name string) Figures {
	f := Figures{Name: name, Type: v.types[name], Contributions: len(v.known[name].sizes)}
	for _, size := range v.known[name].sizes {
		f.Bytes += int64(size)
	}
	return f
}

// WhenHeard has f told of each contribution that comes, with the time since its record was written.
func (v *Values) WhenHeard(f func(value string, delay time.Duration)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heard = f
}

// Take takes one record of the topic, and returns the name of the value that it is of. What is of a value that is not declared any more is passed over:
// it has no name.
func (v *Values) Take(r *kgo.Record) (string, error) {
	name, err := v.apply(r.Key, r.Value)
	if err != nil {
		return "", fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	return name, nil
}

func (v *Values) apply(k, value []byte) (string, error) {
	name, replica, err := parseKey(k)
	if err != nil {
		return "", err
	}
	if _, declared := v.types[name]; !declared || value == nil {
		return "", nil
	}
	c, err := crdt.Parse(value)
	if err == nil && c.Shard() != replica {
		err = fmt.Errorf("it is of replica %d, not %d", c.Shard(), replica)
	}
	if err == nil {
		err = v.learn(name, c, len(value))
	}
	if err != nil {
		return "", fmt.Errorf("contribution %s: %w", k, err)
	}
	return name, nil
}

func (v *Values) learn(name string, c crdt.Contribution, size int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.known[name]
	next, err := now.view.With(c)
	if err != nil {
		return err
	}
	now.view = next
	now.sizes[c.Shard()] = size
	v.known[name] = now
	return nil
}

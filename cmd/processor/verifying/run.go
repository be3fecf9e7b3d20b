package verifying

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"golang.org/x/sync/errgroup"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// Options say what is compared.
type Options struct {
	Client client.Config
	Topics topics.Context
	Entity string
	// ID is the one entity to compare; empty for all.
	ID       string
	Behavior behaviors.Entity
	// Prepare is called for each event before Behavior evolves by it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// Dir is an empty directory where states are kept meanwhile.
	Dir string
	// MemoryBytes is about what decoded states take at most, all shards together. Default 128 MiB.
	MemoryBytes int
	// OwnerOf finds the owner of a shard; nil: none is asked.
	OwnerOf func(ctx context.Context, shard int32) (Process, error)
	// Ask asks an owner, as service.AskStates does.
	Ask func(ctx context.Context, address, component string, shard int32, from []byte, mostBytes int) (partitions.Page, error)
	// Found is told of each difference, by one goroutine at a time. Its error ends the run.
	Found func(Difference) error
	// Waiting is told now and then of an open transaction that keeps a log from being read to its end, by any goroutine; may be nil.
	Waiting func(changelog.Standstill)
	// Progress is kept up to date; nil for nobody.
	Progress *Progress

	// lookAgain is how long after a store is looked at again; 0 for the default.
	lookAgain time.Duration
}

// A Process is who has a shard. Address is empty if nobody has, or who has cannot be asked.
type Process struct{ Name, Address string }

// A Shard is what came of one shard.
type Shard struct {
	Shard int32 `json:"shard"`
	Total
	// Owner is whose store was compared with the changelog; empty if none was, as OwnerMissed says.
	Owner       string `json:"owner,omitempty"`
	OwnerMissed string `json:"owner_missed,omitempty"`
}

// A Total counts.
type Total struct {
	Events int64 `json:"events"`
	// Entities are those that have events or are stored: equal, different or missing in the changelog.
	Entities  int64 `json:"entities"`
	Equal     int64 `json:"equal"`
	Different int64 `json:"different"`
	Missing   int64 `json:"missing"`
	// Owned are those that differ in their owner's store.
	Owned int64 `json:"owner_different"`
}

// Differ tells whether anything does.
func (t Total) Differ() bool { return t.Different+t.Missing+t.Owned > 0 }

// Sum adds up what came of shards.
func Sum(shards []Shard) Total {
	var t Total
	for _, s := range shards {
		t.Events += s.Events
		t.Entities += s.Entities
		t.Equal += s.Equal
		t.Different += s.Different
		t.Missing += s.Missing
		t.Owned += s.Owned
	}
	return t
}

const (
	defaultMemoryBytes = 128 << 20
	// mostTogether bounds how many shards are compared at once: each has two stores and two readers.
	mostTogether = 4
)

// Run compares one shard after the other, as many at once as there are processors, and returns what came of each, by number. An error says that
// something could not be compared; what was found before was told.
func Run(ctx context.Context, o Options) ([]Shard, error) {
	together := min(runtime.GOMAXPROCS(0), mostTogether)
	if o.MemoryBytes == 0 {
		o.MemoryBytes = defaultMemoryBytes
	}
	if o.lookAgain == 0 {
		o.lookAgain = pauseToLook
	}
	if o.Progress == nil {
		o.Progress = new(Progress)
	}
	o.MemoryBytes /= together
	numbers, err := o.shards(ctx)
	if err != nil {
		return nil, err
	}
	restorer := changelog.NewRestorer(o.Client)
	defer restorer.Close()
	var telling sync.Mutex
	tell := o.Found
	o.Found = func(d Difference) error {
		telling.Lock()
		defer telling.Unlock()
		return tell(d)
	}
	results := make([]Shard, len(numbers))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for i, number := range numbers {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var err error
			if results[i], err = o.shard(ctx, number, restorer); err != nil {
				return fmt.Errorf("shard %d of %s: %w", number, o.Entity, err)
			}
			o.Progress.ended(results[i])
			return nil
		})
	}
	return results, group.Wait()
}

// shards are those to be compared. Their events must be there from the first on.
func (o *Options) shards(ctx context.Context) ([]int32, error) {
	cl, err := client.NewAdmin(o.Client)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	topic := o.Topics.Events(o.Entity).Name
	bounds, err := admin.New(cl).Bounds(ctx, topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) || err == nil && len(bounds) == 0 {
		return nil, fmt.Errorf("topic %s is missing: `processor topics DIR` tells what the context needs", topic)
	}
	if err != nil {
		return nil, err
	}
	var numbers []int32
	for at, b := range bounds {
		if at.Partition >= o.Topics.Partitions || o.ID != "" && at.Partition != records.Partition([]byte(o.ID), o.Topics.Partitions) {
			continue
		}
		if b.Start > 0 {
			return nil, fmt.Errorf("%s begins at %d: the events before were deleted, and what the entities are cannot be told from the others", at, b.Start)
		}
		numbers = append(numbers, at.Partition)
		o.Progress.expect(b.End)
	}
	slices.Sort(numbers)
	return numbers, nil
}

// shard compares one shard, with stores of its own that it takes away again.
func (o *Options) shard(ctx context.Context, number int32, restorer *changelog.Restorer) (result Shard, err error) {
	dir := filepath.Join(o.Dir, strconv.Itoa(int(number)))
	s, err := openShard(o, number, dir, restorer)
	if err != nil {
		return Shard{}, err
	}
	defer func() { err = errors.Join(err, s.close(), os.RemoveAll(dir)) }()
	return s.verify(ctx)
}

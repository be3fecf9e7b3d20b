// Package follow reads whole topics and stays with them: what every instance of a context has to know.
//
// Nothing is stored: each start reads the topic from its beginning, so topics to be followed are compacted, or small.
package follow

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// A Request is a topic to be followed. Its functions are called by one goroutine, one after another.
type Request struct {
	Topic string
	// Begun is called before the first record, and again when the topic was deleted and made again, or records were taken away that had not been read
	// yet: what was applied before is void then. May be nil.
	Begun func()
	// Apply gets committed records, those of each partition in order. They are good after it returns.
	Apply func(batch []*kgo.Record)
	// Level is called when everything has been applied that was there when reading began, once after each Begun. May be nil.
	Level func()
	// NewestOnly begins at the end instead of the start: records from before are never seen.
	NewestOnly bool
	// Waiting is told why nothing is read, and nil when it goes on. May be nil.
	Waiting func(err error)
}

const (
	pauseMin = 50 * time.Millisecond
	pauseMax = 2 * time.Second
	// lookPeriod is how often it is asked whether the topic is the same still, and has no more partitions.
	lookPeriod = 5 * time.Second
)

// Run reads the topic, all its partitions, and stays with it until ctx ends. It waits for a topic that is missing and for brokers that are away. An
// error says that no client can be made of cfg.
func Run(ctx context.Context, cfg client.Config, q Request) error {
	// A client that is closed tells the brokers, and would wait for one that does not answer.
	cfg.Until = ctx
	asker, err := client.NewAdmin(cfg)
	if err != nil {
		return err
	}
	defer asker.Close()
	restorer := changelog.NewRestorer(cfg)
	defer restorer.Close()
	f := &follower{Request: q, asks: admin.New(asker), restorer: restorer}
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		found, err := f.find(ctx)
		if err == nil {
			f.reset(found.ID)
			pause = pauseMin
			err = f.read(ctx, cfg, found.Partitions)
		}
		if ctx.Err() != nil {
			return nil
		}
		f.waits(err)
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// A follower is one topic being followed.
type follower struct {
	Request
	asks     *admin.Admin
	restorer *changelog.Restorer
	waiting  bool
	// Of the topic's life that is being read: its id, and the position in each partition.
	id        [16]byte
	positions map[int32]records.Position
	// failed is why partitions cannot be read on.
	failed map[int32]error
}

func (f *follower) reset(id [16]byte) {
	f.id, f.positions, f.failed = id, make(map[int32]records.Position), make(map[int32]error)
	if f.Begun != nil {
		f.Begun()
	}
}

func (f *follower) waits(err error) {
	if f.Waiting == nil || (err == nil && !f.waiting) {
		return
	}
	f.waiting = err != nil
	f.Waiting(err)
}

// read reads one life of the topic; it returns why that has ended.
func (f *follower) read(ctx context.Context, cfg client.Config, partitions int32) error {
	if err := f.load(ctx, 0, partitions); err != nil {
		return err
	}
	f.waits(nil)
	if f.Level != nil {
		f.Level()
	}
	return f.stay(ctx, cfg, partitions)
}

// load brings partitions from first on to the ends that they have now.
func (f *follower) load(ctx context.Context, first, partitions int32) error {
	var ends map[records.TopicPartition]admin.Bounds
	if f.NewestOnly && first == 0 {
		var err error
		if ends, err = f.asks.Bounds(ctx, f.Topic); err != nil {
			return err
		}
	}
	for p := first; p < partitions; p++ {
		at := records.TopicPartition{Topic: f.Topic, Partition: p}
		if ends != nil {
			f.positions[p] = ends[at].End
			continue
		}
		f.positions[p] = changelog.FromStart
		if err := f.loadPartition(ctx, at); err != nil {
			return err
		}
	}
	return nil
}

// loadPartition tries until it is level, from where it has come to; an error says that the topic's life has ended.
func (f *follower) loadPartition(ctx context.Context, at records.TopicPartition) error {
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		before := f.positions[at.Partition]
		err := f.restorer.Restore(ctx, changelog.Request{
			TopicPartition: at, From: before,
			Apply: func(batch []*kgo.Record, next records.Position) error {
				if len(batch) > 0 {
					f.Apply(batch)
				}
				f.positions[at.Partition] = next
				return nil
			},
			Stuck: func(_ context.Context, s changelog.Standstill) error {
				if time.Since(s.Since) > lookPeriod {
					f.waits(fmt.Errorf("%s cannot be read on from position %d: a transaction there is open", at, s.At))
				}
				return nil
			},
		})
		if err == nil || endsLife(err) || ctx.Err() != nil {
			return err
		}
		if f.positions[at.Partition] != before {
			pause = pauseMin
		}
		f.waits(err)
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// sleep waits for d; false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

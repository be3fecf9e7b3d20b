package ledger

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/topics"
)

// Config says how much is asked, of whom.
type Config struct {
	// Brokers are host:port of some brokers of the cluster.
	Brokers []string
	// Dir is the folder that WriteFolder wrote.
	Dir string
	// Clients ask one command each at a time; 0: 24. Three of them share their entities.
	Clients int
	// CommandsPerSecond bounds all clients together; 0: 60. It is reached while answers come soon.
	CommandsPerSecond int
	// Seed draws what is asked, of which entity, when. How processes and clients interleave it does not draw.
	Seed uint64
	// Patience bounds the wait for the last answers, and for what is late in the checks; 0: 3 minutes.
	Patience time.Duration
}

func (c Config) withDefaults() Config {
	c.Clients = cmp.Or(c.Clients, 24)
	c.CommandsPerSecond = cmp.Or(c.CommandsPerSecond, 60)
	c.Patience = cmp.Or(c.Patience, 3*time.Minute)
	return c
}

// A Workload is clients that command the context and remember what they were told.
type Workload struct {
	cfg      Config
	context  *contexts.Context
	topics   topics.Context
	producer *kgo.Client
	replies  *kgo.Client
	progress *kgo.Client
	teams    []*team
	commits  commits
	started  time.Time

	// mu guards what follows.
	mu       sync.Mutex
	book     book
	waiting  map[int]chan struct{}
	repeated int
	findings []Finding
}

// New makes clients and finds the ends of the topics that they listen to, which must exist.
func New(ctx context.Context, cfg Config) (*Workload, error) {
	cfg = cfg.withDefaults()
	folder, problems := contexts.Load(cfg.Dir, contexts.Options{Offline: true})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	w := &Workload{cfg: cfg, context: folder, topics: folder.TopicContext(), waiting: map[int]chan struct{}{}, commits: newCommits()}
	w.book.source = newSource()
	w.teams = newTeams(cfg.Clients, w.book.source)
	var errs [3]error
	w.producer, errs[0] = kgo.NewClient(
		kgo.SeedBrokers(cfg.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		// Leaders move while brokers come and go; the default of 5 s would be most of an outage.
		kgo.MetadataMinAge(100*time.Millisecond), kgo.RetryTimeout(produceTimeout), kgo.RecordDeliveryTimeout(produceTimeout),
	)
	w.replies, errs[1] = tail(ctx, cfg.Brokers, w.topics.Replies().Name)
	w.progress, errs[2] = tail(ctx, cfg.Brokers, w.topics.Progress().Name)
	if err := errors.Join(errs[:]...); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// newSource is drawn without the seed: two runs on the same topics must not take each other's entities.
func newSource() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // Never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

func (w *Workload) close() {
	for _, cl := range []*kgo.Client{w.producer, w.replies, w.progress} {
		if cl != nil {
			cl.CloseAllowingRebalance()
		}
	}
}

// Run asks until ctx ends, and then waits for the answers still missing, for Patience at most. It may be called once; when it returns, the
// channel of Commits is closed. An error says that the clients could not work; what the context did wrong is for Check to tell.
func (w *Workload) Run(ctx context.Context) error {
	defer w.close()
	w.started = time.Now()
	patient, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var readers, clients sync.WaitGroup
	var replies, progress error
	readers.Go(func() { replies = follow(patient, w.replies, w.answered) })
	readers.Go(func() {
		progress = follow(patient, w.progress, w.commits.take)
		close(w.commits.c)
	})
	for i := range w.cfg.Clients {
		clients.Go(func() { w.newClient(i).run(ctx, patient) })
	}
	ended := make(chan struct{})
	go func() {
		clients.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-w.outOfPatience(ctx, ended):
	}
	stop()
	<-ended
	readers.Wait()
	if err := errors.Join(replies, progress); err != nil {
		return fmt.Errorf("the clients of the ledger: %w", err)
	}
	return nil
}

// outOfPatience is closed when the patience after the end of ctx has ended.
func (w *Workload) outOfPatience(ctx context.Context, ended <-chan struct{}) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		timer := time.NewTimer(w.cfg.Patience)
		defer timer.Stop()
		select {
		case <-timer.C:
			close(out)
		case <-ended:
		}
	}()
	return out
}

package partitions

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/transactions"
	"github.com/partita-io/partita/statestore"
)

// counter is the smallest processor with a store: for each record of a key it counts one up and produces "key n" as event. A gap, a double or a
// lost update shows in the events. Half of the keys it remembers, as processors do, and the other half it reads each time.
type counter struct {
	shard int32
	topic string
	known map[string]int
}

func (c *counter) Process(w Window, recs []Record) error {
	for i := range recs {
		r := &recs[i]
		if r.Refused != "" {
			w.Produce(r, OutputDeadLetter, &kgo.Record{Topic: strings.Replace(c.topic, ".events", ".dead", 1), Partition: c.shard, Key: r.Key, Value: []byte(r.Refused)})
			continue
		}
		n, ok := c.known[string(r.Key)]
		if !ok {
			v, err := w.Get(r.Key)
			if err != nil {
				return err
			}
			n, _ = strconv.Atoi(string(v))
		}
		if r.Key[len(r.Key)-1]%2 == 1 {
			c.known[string(r.Key)] = n + 1
		}
		w.Put(r, r.Key, []byte(strconv.Itoa(n+1)), nil)
		w.Produce(r, OutputEvent, &kgo.Record{
			Topic: c.topic, Partition: c.shard, Key: r.Key,
			Value: append([]byte(strconv.Itoa(n+1)+" "), r.Value...),
		})
		w.Count(Tally{Kind: CommandDecided, Label: "accepted"})
	}
	return nil
}

func (c *counter) Dropped() { clear(c.known) }

// A world is a broker with the topics of one context, and the instances that run on it.
type world struct {
	t       *testing.T
	name    string
	shards  int32
	brokers []string
	cl      *kgo.Client
	adm     *kadm.Client
	dir     string
	// own are brokers that a test may stop and start; nil for those that PARTITA_TEST_BROKERS names.
	own ownBrokers
	// controls bring orders to the instances that are started from now on; nil: there are none.
	controls *Controls
	// dial is how the brokers are reached, nil for TCP.
	dial dialFunc
	// windowBytes is the limit of instances that are launched from now on; 0: the default.
	windowBytes int
	// needs are those of instances that are launched from now on.
	needs []Need
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

var worlds atomic.Int64

func newWorld(t *testing.T, shards int32) *world {
	t.Helper()
	if b := os.Getenv("PARTITA_TEST_BROKERS"); b != "" {
		return newWorldOn(t, shards, nil, strings.Split(b, ","))
	}
	own := &embeddedBroker{data: t.TempDir()}
	return newWorldOn(t, shards, own, own.start(t))
}

func newWorldOn(t *testing.T, shards int32, own ownBrokers, brokers []string) *world {
	t.Helper()
	w := &world{t: t, shards: shards, dir: t.TempDir(), own: own, brokers: brokers}
	w.createTopics()
	return w
}

func (w *world) createTopics() {
	w.name = fmt.Sprintf("w%d-%d", time.Now().UnixNano()%1e9, worlds.Add(1))
	t := w.t
	cl, err := client.NewAdmin(client.Config{Brokers: w.brokers, Dial: w.dial})
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	w.cl, w.adm = cl, kadm.NewClient(cl)
	compact := map[string]*string{"cleanup.policy": kadm.StringPtr("compact"), "retention.ms": kadm.StringPtr("-1")}
	plain := map[string]*string{"max.message.bytes": kadm.StringPtr("20000")}
	for topic, config := range map[string]map[string]*string{
		"progress": compact, "counter.changelog": compact, "counter.commands": nil, "counter.events": plain, "counter.dead": nil, "replies": nil,
	} {
		_, err := w.adm.CreateTopic(t.Context(), w.shards, 1, config, w.name+"."+topic)
		require.NoError(t, err)
	}
}

// client makes a client of the test's own, whose connections never fail.
func (w *world) client(opts ...kgo.Opt) *kgo.Client {
	opts = append(opts, kgo.SeedBrokers(w.brokers...))
	if w.dial != nil {
		opts = append(opts, kgo.Dialer(w.dial))
	}
	cl, err := kgo.NewClient(opts...)
	require.NoError(w.t, err)
	return cl
}

func (w *world) component() Component {
	return Component{
		Name: "counter", Side: WriteSide, Changelog: w.name + ".counter.changelog",
		Inputs: []Input{{Topic: w.name + ".counter.commands"}},
		New: func(shard int32) Processor {
			return &counter{shard: shard, topic: w.name + ".counter.events", known: make(map[string]int)}
		},
	}
}

// An instance is one process's engine, in this process.
type instance struct {
	cancel context.CancelFunc
	done   chan error
	events *log
	env    *statestore.Env
	views  *Views
}

// log collects what an instance tells.
type log struct {
	mu      sync.Mutex
	running int
	windows map[string]int
	// largest is the most records that a committed window of the write side had.
	largest int
	waits   []string
	stopped []error
	rebuilt []string
	// rebuiltStates is how often the state of a task was computed anew.
	rebuiltStates int
	group         GroupEvent
	needs         []NeedEvent
	// onCommitted is called behind every committed window; nil for none.
	onCommitted func()
}

func (l *log) listener() Listener {
	l.windows = make(map[string]int)
	lock := func(f func()) { l.mu.Lock(); defer l.mu.Unlock(); f() }
	return Listener{
		ShardRunning: func(ShardEvent) { lock(func() { l.running++ }) },
		ShardClosed:  func(ShardEvent) { lock(func() { l.running-- }) },
		WindowEnded: func(e WindowEvent) {
			var on func()
			lock(func() {
				l.windows[e.Outcome]++
				on = l.onCommitted
				if e.Side == WriteSide && e.Outcome == transactions.Committed.String() {
					l.largest = max(l.largest, e.Records)
				}
			})
			if on != nil && e.Outcome == transactions.Committed.String() {
				on()
			}
		},
		GroupChanged: func(e GroupEvent) { lock(func() { l.group = e }) },
		Waiting:      func(e WaitingEvent) { lock(func() { l.waits = append(l.waits, fmt.Sprintf("%s: %v", e.For, e.Err)) }) },
		StoreRebuilt: func(e StoreEvent) { lock(func() { l.rebuilt = append(l.rebuilt, e.Reason) }) },
		StateRebuilt: func(StateEvent) { lock(func() { l.rebuiltStates++ }) },
		NeedChanged:  func(e NeedEvent) { lock(func() { l.needs = append(l.needs, e) }) },
		TaskStopped:  func(e TaskStopped) { lock(func() { l.stopped = append(l.stopped, e.Err) }) },
	}
}

func (w *world) start(name string, components ...Component) *instance {
	return w.startThrough(name, nil, components...)
}

// startThrough starts an instance whose connections go through g.
func (w *world) startThrough(name string, g *gate, components ...Component) *instance {
	dial := w.dial
	if g != nil {
		dial = g.dial
	}
	return w.launch(name, dial, nil, components...)
}

// launch starts an instance that reaches the brokers by dial and keeps its stores on fs, both nil for the machine's.
func (w *world) launch(name string, dial dialFunc, fs vfs.FS, components ...Component) *instance {
	if len(components) == 0 {
		components = []Component{w.component()}
	}
	env, err := statestore.OpenEnv(w.dir+"/"+name, statestore.Options{Context: w.name, FS: fs})
	require.NoError(w.t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	in := &instance{cancel: cancel, done: make(chan error, 1), events: &log{}, env: env, views: NewViews()}
	cfg := Config{
		Context: w.name, Shards: w.shards, Components: components, Client: client.Config{Brokers: w.brokers, Dial: dial}, Stores: env,
		Version: fmt.Sprintf("of %d", len(components)), Listener: in.events.listener(), Views: in.views, Needs: w.needs, Controls: w.controls,
		WindowBytes: w.windowBytes,
	}
	go func() { in.done <- Run(ctx, cfg) }()
	return in
}

func (in *instance) stop(t *testing.T) {
	t.Helper()
	in.cancel()
	require.NoError(t, <-in.done)
	require.NoError(t, in.env.Close())
}

// await waits until the instance has told of something.
func (in *instance) await(t *testing.T, told func(*log) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		in.events.mu.Lock()
		defer in.events.mu.Unlock()
		return told(in.events)
	}, waitFor, tick)
}

const (
	waitFor = 30 * time.Second
	tick    = 5 * time.Millisecond
)

// send produces n commands for each key, in turn.
func (w *world) send(keys, n int) {
	p := w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer p.Close()
	for range n {
		for k := range keys {
			key := []byte("k" + strconv.Itoa(k))
			p.Produce(w.t.Context(), &kgo.Record{Topic: w.name + ".counter.commands", Partition: records.Partition(key, w.shards), Key: key}, nil)
		}
	}
	require.NoError(w.t, p.Flush(w.t.Context()))
}

// awaitEvents reads committed events until there are total, and fails at the first gap or double.
func (w *world) awaitEvents(total int) {
	c := w.client(kgo.ConsumeTopics(w.name+".counter.events"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer c.Close()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	last := make(map[string]int)
	for n := 0; n < total; {
		fetches := c.PollFetches(ctx)
		require.NoError(w.t, ctx.Err(), "after %d of %d events", n, total)
		fetches.EachRecord(func(r *kgo.Record) {
			n++
			number, _, _ := strings.Cut(string(r.Value), " ")
			got, err := strconv.Atoi(number)
			require.NoError(w.t, err)
			require.Equal(w.t, last[string(r.Key)]+1, got, "key %s in partition %d", r.Key, r.Partition)
			last[string(r.Key)] = got
		})
	}
}

// awaitRecords reads a topic until it has n committed records.
func (w *world) awaitRecords(topic string, n int) []*kgo.Record {
	c := w.client(kgo.ConsumeTopics(w.name+"."+topic),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer c.Close()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	var recs []*kgo.Record
	for len(recs) < n {
		fetches := c.PollFetches(ctx)
		require.NoError(w.t, ctx.Err(), "after %d of %d records of %s", len(recs), n, topic)
		recs = append(recs, fetches.Records()...)
	}
	return recs
}

package simulation

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/statestore"
)

const (
	shards    = 4
	instances = 3
	nodes     = 3
	port      = 9092
)

var bank = topics.Context{Name: "bank", Partitions: shards}

// A world is the brokers, the instances, and a client whose connections never fail.
type world struct {
	t       *testing.T
	dir     string
	tally   *tally
	network *kfake.VirtualNetwork
	// link of the world itself never fails.
	link      *link
	cluster   *kfake.Cluster
	cl        *kgo.Client
	instances [instances]*instance
	began     time.Time
	// counted are the events that the engines said they had committed.
	counted atomic.Int64

	// mu guards trace: engines note things too.
	mu    sync.Mutex
	trace []string
}

func newWorld(t *testing.T, dir string, counts *tally) *world {
	t.Helper()
	w := &world{t: t, dir: dir, tally: counts, network: new(kfake.VirtualNetwork), began: time.Now()}
	w.link = newLink(w.network.DialContext, counts)
	ports := make([]int, nodes)
	for i := range ports {
		ports[i] = port + i
	}
	var err error
	w.cluster, err = kfake.NewCluster(kfake.NumBrokers(nodes), kfake.ListenFn(w.network.Listen), kfake.Ports(ports...))
	require.NoError(t, err)
	w.cl, err = client.NewPlainProducer(w.client(w.link.dial))
	require.NoError(t, err)
	adm := kadm.NewClient(w.cl)
	for _, spec := range []topics.Spec{
		bank.Progress(), bank.Replies(), bank.DeadLetters(), bank.Commands("account"), bank.Events("account"), bank.Changelog("account"),
		bank.Rows("groups"), bank.Repartition("groups"), bank.Rows("balances"),
	} {
		config := map[string]*string{}
		for key, value := range spec.Config {
			config[key] = &value
		}
		_, err := adm.CreateTopic(t.Context(), spec.Partitions, 1, config, spec.Name)
		require.NoError(t, err)
	}
	for i := range w.instances {
		w.instances[i] = &instance{world: w, name: fmt.Sprintf("i%d", i), store: vfs.NewMem()}
	}
	return w
}

func (w *world) client(dial dialFunc) client.Config {
	return client.Config{Brokers: []string{fmt.Sprintf("localhost:%d", port)}, Dial: dial}
}

// killAll ends what is alive still.
func (w *world) killAll() {
	for _, in := range w.instances {
		if in.alive() {
			in.kill()
		}
	}
}

func (w *world) close() {
	w.cl.Close()
	w.cluster.Close()
}

// note adds a line to the trace.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, fmt.Sprintf("%8.3f s  ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...))
}

func components(ctx context.Context) []partitions.Component {
	events := []string{bank.Events("account").Name}
	return []partitions.Component{
		commands.Definition{Topics: bank, Name: "account", Behavior: account{}, Remember: entities.DefaultRemember}.Component(ctx),
		projections.Definition{Topics: bank, Name: "groups", Behavior: groups{}, Sources: events, Keyed: true}.Component(ctx),
		projections.Definition{Topics: bank, Name: "balances", Behavior: balances{}, Sources: events}.Component(ctx),
	}
}

// An instance is a state directory and the processes that use it, one after another.
type instance struct {
	world *world
	name  string
	// store outlives the processes.
	store vfs.FS
	life  *life
}

// A life is one process: from its start to its end, whichever way.
type life struct {
	link *link
	disk disk
	stop context.CancelFunc
	done chan error
}

func (in *instance) alive() bool { return in.life != nil }

func (in *instance) start() {
	w := in.world
	l := &life{link: newLink(w.network.DialContext, w.tally), disk: newDisk(in.store), done: make(chan error, 1)}
	env, err := statestore.OpenEnv(filepath.Join(w.dir, in.name), storeOptions(l.disk))
	require.NoError(w.t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	l.stop = stop
	cfg := partitions.Config{
		Context: bank.Name, Shards: shards, Components: components(ctx), Client: w.client(l.link.dial), Stores: env, Version: "1",
		// Small enough that a burst takes several windows, and a failed one has others waiting behind it.
		WindowRecords: 8, Listener: in.listener(),
	}
	in.life = l
	go func() {
		err := partitions.Run(ctx, cfg)
		if closeErr := env.Close(); err == nil && closeErr != nil {
			err = closeErr
		}
		l.done <- err
	}()
}

// listener notes what an operator would see.
func (in *instance) listener() partitions.Listener {
	note := in.world.note
	return partitions.Listener{
		TaskStopped: func(e partitions.TaskStopped) {
			note("%s: task %s/%d stopped: %v", in.name, e.Component, e.Shard, e.Err)
		},
		StoreRebuilt: func(e partitions.StoreEvent) {
			note("%s: store %s/%d is restored in full: %s", in.name, e.Component, e.Shard, e.Reason)
		},
		ShardRunning: func(e partitions.ShardEvent) {
			in.world.tally.add("shards", "acquired", 1)
			note("%s: shard %d runs after %v", in.name, e.Shard, e.Took)
		},
		ShardClosed: func(e partitions.ShardEvent) { note("%s: shard %d is closed, lost: %v", in.name, e.Shard, e.Lost) },
		WindowEnded: func(e partitions.WindowEvent) {
			in.world.count(e)
			in.world.tally.add("windows", e.Outcome, 1)
			if e.Err != nil {
				note("%s: window of the %s side with %d records: %s: %v", in.name, e.Side, e.Records, e.Outcome, e.Err)
			}
		},
		Waiting: func(e partitions.WaitingEvent) { note("%s waits for %s: %v", in.name, e.For, e.Err) },
		Resumed: func(e partitions.WaitingEvent) { note("%s goes on: %s", in.name, e.For) },
	}
}

func (w *world) count(e partitions.WindowEvent) {
	for _, task := range e.Tasks {
		for _, t := range task.Tallies {
			if t.Kind == partitions.EventEmitted {
				w.counted.Add(1)
				w.tally.add("work", "events", 1)
			}
		}
	}
}

// kill ends the process as kill -9 does: nothing it does from now on reaches the brokers or the disk.
func (in *instance) kill() {
	l := in.life
	in.life = nil
	l.disk.kill()
	l.link.setCut(true)
	l.link.thaw()
	l.stop()
	if err := <-l.done; err != nil {
		in.world.note("%s said, when it was dead: %v", in.name, err)
	}
}

// leave ends the process in order.
func (in *instance) leave() {
	l := in.life
	in.life = nil
	l.link.thaw()
	l.stop()
	require.NoError(in.world.t, <-l.done, "%s: an orderly end", in.name)
}

// ended tells whether the process ended by itself, which one that needs help does; a supervisor starts it again.
func (in *instance) ended() (bool, error) {
	if in.life == nil {
		return false, nil
	}
	select {
	case err := <-in.life.done:
		in.life = nil
		return true, err
	default:
		return false, nil
	}
}

// storeOptions keep stores small: there are many, and little is in them.
func storeOptions(fs vfs.FS) statestore.Options {
	return statestore.Options{Context: bank.Name, FS: fs, CacheBytes: 1 << 20, Stores: 1000}
}

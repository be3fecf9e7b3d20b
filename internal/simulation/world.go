package simulation

import (
	"context"
	"fmt"
	"strconv"
	"sync"
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
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/pubsub"
)

const (
	shards    = 4
	outsides  = 6
	instances = 3
	nodes     = 3
	port      = 9092
)

var (
	bank             = topics.Context{Name: "bank", Partitions: shards}
	progressTopic    = bank.Progress().Name
	repliesTopic     = bank.Replies().Name
	deadLettersTopic = bank.DeadLetters().Name
	commandsTopic    = bank.Commands("account").Name
	eventsTopic      = bank.Events("account").Name
	parkedTopic      = bank.Parked().Name
	movesTopic       = bank.Publication("moves").Name
	changelogTopic   = bank.Changelog("account").Name
	groupsTopic      = bank.Rows("groups").Name
	balancesTopic    = bank.Rows("balances").Name
	replicatedTopic  = bank.Replicated().Name
	// outside is a topic of nobody's, with another number of partitions than the context.
	outside = "outside"
	// changelogs are by component.
	changelogs = map[string]string{"account": changelogTopic, "groups": groupsTopic, "balances": balancesTopic}
)

// A world is the brokers, the instances, and a client whose connections never fail.
type world struct {
	t     *testing.T
	dir   string
	tally *tally
	// onFailure is what becomes of commands that fail, in this seed.
	onFailure entities.OnFailure
	mended    *mended
	network   *kfake.VirtualNetwork
	// link of the world itself never fails.
	link      *link
	outage    *outage
	witness   *witness
	cluster   *kfake.Cluster
	cl        *kgo.Client
	history   *history
	instances [instances]*instance
	began     time.Time
	told      told
	found     []found
	rates     rates
	// attendance is who speaks in the group.
	attendance attendance

	// mu guards trace: engines note things too.
	mu    sync.Mutex
	trace []string
}

func newWorld(t *testing.T, dir string, counts *tally, onFailure entities.OnFailure) *world {
	t.Helper()
	w := &world{
		t: t, dir: dir, tally: counts, network: new(kfake.VirtualNetwork), began: time.Now(), outage: newOutage(), witness: newWitness(),
		onFailure: onFailure, mended: new(mended), rates: rates{written: map[string]int{}},
	}
	w.link = newLink(w.network.DialContext, "the workload", counts)
	ports := make([]int, nodes)
	for i := range ports {
		ports[i] = port + i
	}
	var err error
	w.cluster, err = kfake.NewCluster(kfake.NumBrokers(nodes), kfake.ListenFn(w.network.Listen), kfake.Ports(ports...))
	require.NoError(t, err)
	w.attendance.attend(w.cluster)
	w.cl, err = client.NewPlainProducer(w.client(w.link.dial))
	require.NoError(t, err)
	w.createTopics()
	for range rateKeys {
		w.changeRate()
	}
	// The repartition topic is left out: what was read is deleted from it.
	w.history, err = newHistory(w.cluster, w.client(nil).Brokers, w.link.dial, progressTopic, repliesTopic, deadLettersTopic, parkedTopic, commandsTopic,
		eventsTopic, changelogTopic, groupsTopic, balancesTopic, movesTopic, replicatedTopic, outside)
	require.NoError(t, err)
	for i := range w.instances {
		w.instances[i] = &instance{world: w, name: fmt.Sprintf("i%d", i), store: vfs.NewCrashableMem(), damaged: map[string]bool{}}
	}
	return w
}

func (w *world) createTopics() {
	adm := kadm.NewClient(w.cl)
	for _, spec := range []topics.Spec{
		bank.Progress(), bank.Replies(), bank.DeadLetters(), bank.Parked(), bank.Commands("account"), bank.Events("account"), bank.Changelog("account"),
		bank.Rows("groups"), bank.Repartition("groups"), bank.Rows("balances"), bank.Publication("moves"), bank.Replicated(),
		{Name: outside, Partitions: outsides},
		{Name: ratesTopic, Partitions: ratePartitions},
	} {
		config := map[string]*string{}
		for key, value := range spec.Config {
			config[key] = &value
		}
		_, err := adm.CreateTopic(w.t.Context(), spec.Partitions, 1, config, spec.Name)
		require.NoError(w.t, err)
	}
}

func (w *world) client(dial dialFunc) client.Config {
	return client.Config{Brokers: []string{address(0)}, Dial: dial}
}

func address(node int) string { return fmt.Sprintf("localhost:%d", port+node) }

// killAll ends what is alive still.
func (w *world) killAll() {
	for _, in := range w.instances {
		if in.alive() {
			in.kill()
		}
	}
}

func (w *world) close() {
	w.history.cl.Close()
	w.cl.Close()
	w.cluster.Close()
}

// must ends the seed if there is an error.
func (w *world) must(err error, what string) {
	if err == nil {
		return
	}
	w.note("FAILED: %s: %v", what, err)
	w.t.Fatalf("%s: %v", what, err)
}

// note adds a line to the trace.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, fmt.Sprintf("%8.3f s  ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...))
}

func (w *world) components(ctx context.Context, l *life) []partitions.Component {
	events := []string{eventsTopic}
	return []partitions.Component{
		commands.Definition{
			Topics: bank, Name: "account", Behavior: watching{account{w.mended}, l.watch, l.knows}, Remember: entities.DefaultRemember,
			OnFailure: w.onFailure, ReleaseCommands: releaseCommands, Replicated: l.knows.values,
		}.Component(ctx),
		projections.Definition{Topics: bank, Name: "groups", Behavior: groups{}, Sources: events, Keyed: true}.Component(ctx),
		projections.Definition{Topics: bank, Name: "balances", Behavior: balances{}, Sources: events}.Component(ctx),
		pubsub.Subscription{
			Topics: bank, Name: "payments", Topic: outside, Start: partitions.Start{From: partitions.FromEarliest}, Behavior: payments{},
		}.Component(ctx),
	}
}

// keysOf are the keys that a component's store of one shard may have.
func keysOf(component string, shard int32) []string {
	prefix, n := "a", accounts
	if component == "groups" {
		prefix, n = "g", accountGroups
	}
	var keys []string
	for i := range n {
		key := prefix + strconv.Itoa(i)
		if records.Partition([]byte(key), shards) == shard {
			keys = append(keys, key)
		}
	}
	return keys
}

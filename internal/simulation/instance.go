package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/statestore"
)

// An instance is a state directory and the processes that use it, one after another.
type instance struct {
	world *world
	name  string
	// store outlives the processes.
	store *vfs.MemFS
	lives int
	life  *life
	// damaged are directories of stores in which a file was damaged, until they are deleted.
	damaged map[string]bool

	// mu guards complaints: what its lives said they wait for, since somebody looked.
	mu         sync.Mutex
	complaints []string
}

// A life is one process: from its start to its end, whichever way.
type life struct {
	// name is the instance's and which of its lives it is.
	name  string
	link  *link
	disk  *disk
	views *partitions.Views
	stop  context.CancelFunc
	done  chan error
	// instanceID is what the group knows the process by.
	instanceID string
	// watch is on the table that its decisions see.
	watch *watch
	// knows is what it knows of replicated values.
	knows *knowledge
	// recorder is for the case that the seed fails.
	recorder *recorder
}

// Limits of a window, small enough that a burst takes several, and a failed one has others waiting behind it.
const (
	windowRecords = 8
	windowBytes   = 16 << 10
	// releaseCommands is small, too: what waits takes several.
	releaseCommands = 5
)

func (in *instance) alive() bool { return in.life != nil }

func (in *instance) directory() string { return filepath.Join(in.world.dir, in.name) }

func (in *instance) start() {
	w := in.world
	in.lives++
	name := fmt.Sprintf("%s#%d", in.name, in.lives)
	l := &life{
		name: name, link: newLink(w.network.DialContext, name, w.tally), disk: newDisk(in.store, w.tally), views: partitions.NewViews(), done: make(chan error, 1),
	}
	l.recorder, l.watch, l.knows = &recorder{began: w.began}, w.watchRates(name), w.newKnowledge(name)
	l.link.witness, l.link.outage, l.link.recorder = w.witness, w.outage, l.recorder
	env, err := statestore.OpenEnv(in.directory(), storeOptions(l.disk))
	require.NoError(w.t, err)
	l.instanceID = env.InstanceID()
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	l.stop = stop
	brokers := w.client(l.link.dial)
	brokers.Logger = l.recorder
	cfg := partitions.Config{
		Context: bank.Name, Shards: shards, Components: w.components(ctx, l), Needs: []partitions.Need{l.watch.table, l.knows.values},
		Client: brokers, Stores: env, Version: "1",
		WindowRecords: windowRecords, WindowBytes: windowBytes, Views: l.views, Listener: w.listener(in, l),
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

// kill ends the process as kill -9 does: nothing it does from now on reaches the brokers or the disk.
func (in *instance) kill() {
	l := in.life
	in.life = nil
	l.disk.kill()
	l.link.setCut(true)
	l.link.thaw()
	l.link.letGo()
	l.stop()
	if err := <-l.done; err != nil {
		in.world.note("%s said, when it was dead: %v", l.name, err)
	}
}

// losePower kills the process, and takes what it had not synced, in part: survive percent of the blocks and directory entries stay.
func (in *instance) losePower(rng *rand.Rand, survive int) {
	in.kill()
	in.store = in.store.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: survive, RNG: rng})
}

// leave ends the process in order.
func (in *instance) leave() {
	l := in.life
	in.life = nil
	l.link.thaw()
	l.link.letGo()
	l.stop()
	require.NoError(in.world.t, <-l.done, "%s: an orderly end", l.name)
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

// storeOptions keep stores small, as little is in them, and have that written to disk while they are open.
func storeOptions(fs vfs.FS) statestore.Options {
	return statestore.Options{Context: bank.Name, FS: fs, CacheBytes: 64 << 10, MemTableBytes: 4 << 10}
}

package partitions

import (
	"errors"
	"fmt"
	"time"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/statestore"
)

// Config is what a runtime needs to know. Fields without a comment on their default must be set.
type Config struct {
	// Context is the bounded context's name: prefix of its topics, name of its consumer group.
	Context string
	// Shards is the number of partitions of every topic of the context.
	Shards int32
	// Components are those that always run.
	Components []Component
	// Brought are the names of what Controls bring versions of, beside Components: members tell them to each other.
	Brought []string
	// Needs are what must be there before a shard runs; none by default.
	Needs []Need
	// Version tells this folder, or this build, from another; members tell it to each other.
	Version string
	Client  client.Config
	// Stores is the process's state directory.
	Stores *statestore.Env
	// Address is where other processes find this one's HTTP server, host:port; empty for none.
	Address string
	// Lanes is the number of lanes of the write side and of the read side. Default 1; more pay only on machines with many cores. The build side has one.
	Lanes int
	// CommitFloor is the least time between the starts of two commits of a lane, so that light traffic cannot flood the broker. Default 10 ms.
	CommitFloor time.Duration
	// WindowRecords and WindowBytes bound what a lane takes into one window: input records, and bytes of input and output. Defaults 8192 and 16
	// MiB. Memory of a lane is at most three times as much: a window, the one before it, and fetched records that wait.
	WindowRecords, WindowBytes int
	// Views answers questions about committed state while the context runs. Default: one that nobody asks.
	Views *Views
	// Controls bring what operators want. Default: they want nothing, and Components are all.
	Controls *Controls
	// Listener receives what happens.
	Listener Listener
}

const (
	defaultCommitFloor   = 10 * time.Millisecond
	defaultWindowRecords = 8192
	defaultWindowBytes   = 16 << 20
)

func (c *Config) setDefaults() {
	if c.Views == nil {
		c.Views = NewViews()
	}
	if c.Controls == nil {
		c.Controls = NewControls()
		c.Controls.Set(Wanted{})
	}
	if c.Lanes == 0 {
		c.Lanes = 1
	}
	if c.CommitFloor == 0 {
		c.CommitFloor = defaultCommitFloor
	}
	if c.WindowRecords == 0 {
		c.WindowRecords = defaultWindowRecords
	}
	if c.WindowBytes == 0 {
		c.WindowBytes = defaultWindowBytes
	}
}

// validate returns all complaints.
func (c *Config) validate() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Context == "" {
		complain("a runtime needs the name of its context")
	}
	if c.Shards < 1 {
		complain("context %s: %d shards: at least 1", c.Context, c.Shards)
	}
	if len(c.Components)+len(c.Brought) == 0 {
		complain("context %s has no component: nothing to run", c.Context)
	}
	if c.Stores == nil {
		complain("context %s: no state directory", c.Context)
	}
	seen := make(map[string]bool)
	for _, component := range c.Components {
		if seen[component.Name] {
			complain("context %s: two components are called %s", c.Context, component.Name)
		}
		seen[component.Name] = true
		if component.New == nil || len(component.Inputs) == 0 {
			complain("component %s needs a processor and an input", component.Name)
		}
	}
	return errors.Join(errs...)
}

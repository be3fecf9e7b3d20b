package partitions

import (
	"context"
	"errors"
	"sync"

	"github.com/partita-io/partita/kafka/client"
)

// A Need is something outside the shards that must be there before any of them runs: what their processors read beside their inputs.
type Need interface {
	// Name says what it is, as waits name it: "table prices".
	Name() string
	// Run works on it until ctx ends, and tells each change. An error says that only an operator can help; it ends the engine.
	Run(ctx context.Context, cfg client.Config, tell func(NeedState)) error
}

// NeedState is how things stand with a need.
type NeedState struct {
	// Met: shards may run. One that was met may cease to be; then shards are taken back from the lanes until it is again.
	Met bool
	// Trouble is what the need waits for; nil when nothing is wrong. One that is met may be in trouble, too.
	Trouble error
}

// errUnmet is why a shard is acquired anew that ran until one of its needs ceased to be met.
var errUnmet = errors.New("what the shards need is not there")

// needs is the gate that shards pass before they run: it is open while every need is met.
type needs struct {
	all      []Need
	waits    *waits
	listener *Listener

	// mu guards the rest.
	mu    sync.Mutex
	unmet map[string]bool
	// Of these one is closed, and the other will be with the next change: opened while the gate is open, shut while it is not.
	opened, shut chan struct{}
}

func newNeeds(all []Need, w *waits, l *Listener) *needs {
	n := &needs{all: all, waits: w, listener: l, unmet: make(map[string]bool), opened: make(chan struct{}), shut: make(chan struct{})}
	for _, need := range all {
		n.unmet[need.Name()] = true
	}
	if len(all) == 0 {
		close(n.opened)
	} else {
		close(n.shut)
	}
	return n
}

// run works on one need until ctx ends.
func (n *needs) run(ctx context.Context, need Need, cfg client.Config) error {
	n.listener.NeedChanged(NeedEvent{Need: need.Name()})
	return need.Run(ctx, cfg, func(s NeedState) { n.take(need.Name(), s) })
}

func (n *needs) take(name string, s NeedState) {
	n.mu.Lock()
	wasOpen := len(n.unmet) == 0
	if s.Met {
		delete(n.unmet, name)
	} else {
		n.unmet[name] = true
	}
	switch isOpen := len(n.unmet) == 0; {
	case isOpen && !wasOpen:
		n.shut = make(chan struct{})
		close(n.opened)
	case !isOpen && wasOpen:
		n.opened = make(chan struct{})
		close(n.shut)
	}
	n.mu.Unlock()
	if s.Trouble != nil {
		n.waits.say(name, s.Trouble)
	} else {
		n.waits.over(name)
	}
	n.listener.NeedChanged(NeedEvent{Need: name, NeedState: s})
}

// await returns when every need is met; false when ctx ended first.
func (n *needs) await(ctx context.Context) bool {
	n.mu.Lock()
	opened := n.opened
	n.mu.Unlock()
	select {
	case <-opened:
		return true
	case <-ctx.Done():
		return false
	}
}

// ceased is closed as soon as one of the needs is not met.
func (n *needs) ceased() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.shut
}

package main

import (
	"sync"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/brokers"
	"github.com/partita-io/partita/e2e/nemesis/links"
)

// An arena is what faults strike, and who takes notes.
type arena struct {
	group      string // the context's
	cluster    *brokers.Cluster
	nodes      int
	fleet      *fleet
	owners     *owners
	recoveries *recoveries
	journal    *journal
}

// A fault is one that was drawn and has its victim.
type fault struct {
	kind  *kind
	p     int // the process, if its kind takes one
	node  int // a broker, for kinds that want one
	lasts time.Duration
	coin  func() bool // for kinds that choose among many
	links []*links.Link
}

// claims are who is under a fault. A process is under one at a time, and so are the brokers; some process always is under none.
type claims struct {
	mu      sync.Mutex
	busy    []bool
	free    int // processes that stay out of it
	brokers bool
}

// take finds a victim by the order of preference; the claim is to be released.
func (c *claims) take(k *kind, order []int) (p int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.strikesBrokers {
		ok, c.brokers = !c.brokers, true
		return 0, ok
	}
	idle := 0
	for _, busy := range c.busy {
		if !busy {
			idle++
		}
	}
	if idle <= c.free {
		return 0, false
	}
	for _, p := range order {
		if !c.busy[p] {
			c.busy[p] = true
			return p, true
		}
	}
	return 0, false
}

func (c *claims) release(f *fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.kind.strikesBrokers {
		c.brokers = false
	} else {
		c.busy[f.p] = false
	}
}

package partitions

import (
	"sync"

	"github.com/partita-io/partita/kafka/records"
)

// Operators want things of components while these run: that they pause, that they pass over a record. A component that is paused is taken out of its
// lane and keeps its positions; the lane's others go on.

// Orders are what is wanted of one component. The zero value wants nothing.
type Orders struct {
	// Paused: its tasks take no records in.
	Paused bool
	// Why it is paused, for people.
	Why string
	// Skip are records, one at most in each partition of an input, that its tasks do not stop before, see [Record.MayFail].
	Skip map[records.TopicPartition]records.Offset
	// Rebuild is the number of the latest wish that the state be computed anew; 0: nobody has had it. The only order for the write side.
	Rebuild int64
}

// Controls bring orders to a running engine. Until they are known, components of the read side wait: one of them may be paused. Components of the
// write side do not wait.
type Controls struct {
	// mu guards the rest.
	mu     sync.Mutex
	known  bool
	orders map[string]Orders
	// tell is called after each change; nil while no engine runs.
	tell func()
	// lanes answer what tasks do.
	lanes []*lane
}

// NewControls knows no orders yet.
func NewControls() *Controls { return &Controls{} }

// Set replaces all orders, by component. The map must not be changed afterwards.
func (c *Controls) Set(orders map[string]Orders) {
	c.mu.Lock()
	c.known, c.orders = true, orders
	tell := c.tell
	c.mu.Unlock()
	if tell != nil {
		tell()
	}
}

// serve brings the orders to the lanes from now on.
func (c *Controls) serve(lanes []*lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lanes = lanes
	c.tell = func() {
		for _, l := range lanes {
			l.ask(l.obey)
		}
	}
}

const ordersUnknown = "what operators want is not known yet: the control topic is being read"

func (c *Controls) of(component *Component) Orders {
	c.mu.Lock()
	defer c.mu.Unlock()
	if component.Side == WriteSide {
		return Orders{Rebuild: c.orders[component.Name].Rebuild}
	}
	if !c.known {
		return Orders{Paused: true, Why: ordersUnknown}
	}
	return c.orders[component.Name]
}

// obey brings all tasks of the lane in line with the orders.
func (l *lane) obey() {
	for s, tasks := range l.tasks {
		if l.closing[s] != nil {
			continue
		}
		for _, t := range tasks {
			l.obeyWith(t)
		}
	}
}

// obeyWith brings a task of the lane in line with its orders.
func (l *lane) obeyWith(t *task) {
	was, wanted := t.paused, l.engine.config.Controls.of(t.component)
	t.take(wanted)
	if t.wantsRebuild(wanted) {
		t.shard.breakDown(errRebuild)
	}
	again := t.stoppedBefore != nil && t.maySkip(t.stoppedBefore)
	if again {
		t.stopped, t.stoppedBefore, t.why = false, nil, nil
		l.engine.listener.TaskGoesOn(TaskGoesOn{Component: t.component.Name, Shard: t.shard.number})
	}
	switch {
	case t.paused && !was:
		l.withdraw(t)
	case was && !t.paused, again:
		l.resume(t)
	}
}

// take notes orders, without doing anything about them.
func (t *task) take(o Orders) {
	t.paused, t.whyPaused = o.Paused, o.Why
	for _, in := range t.inputs {
		in.skip = -1
		if offset, ok := o.Skip[in.TopicPartition]; ok {
			in.skip = offset
		}
	}
}

// maySkip tells whether a task that stopped before a record need not do so again.
func (t *task) maySkip(r *Record) bool {
	if r.MayFail {
		return false
	}
	for _, in := range t.inputs {
		if in.Topic == r.Topic && in.Partition == r.Partition {
			return in.skip == records.Offset(r.Offset)
		}
	}
	return false
}

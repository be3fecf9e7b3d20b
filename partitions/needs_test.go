package partitions

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/kafka/client"
)

// told is a need that is as a test says.
type told struct {
	name   string
	states chan NeedState
	fatal  chan error
}

func newTold(name string) *told {
	return &told{name: name, states: make(chan NeedState), fatal: make(chan error)}
}

func (n *told) Name() string { return n.name }

func (n *told) Run(ctx context.Context, _ client.Config, tell func(NeedState)) error {
	for {
		select {
		case s := <-n.states:
			tell(s)
		case err := <-n.fatal:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

var errPricesAway = errors.New("topic prices is missing")

func TestNoShardRunsBeforeEveryNeedIsMet(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		prices, rates := newTold("table prices"), newTold("table rates")
		b.needs = []Need{prices, rates}
		a := b.begin("a")
		b.command(1)
		pass(time.Minute) // Nothing is known of them yet.
		prices.states <- NeedState{Met: true}
		rates.states <- NeedState{Trouble: errPricesAway}
		a.await(b.t, says("table rates: topic prices is missing"))
		pass(time.Minute)
		a.events.mu.Lock()
		running, events := a.events.running, slices.Clone(a.events.needs)
		a.events.mu.Unlock()
		require.Zero(b.t, running, "shards that run")
		require.Contains(b.t, events, NeedEvent{Need: "table rates", NeedState: NeedState{Trouble: errPricesAway}})
		rates.states <- NeedState{Met: true}
		b.awaitAll()
	})
}

func TestShardsAreTakenBackWhileANeedIsNotMetAnyMore(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		prices := newTold("table prices")
		b.needs = []Need{prices}
		a := b.begin("a")
		prices.states <- NeedState{Met: true}
		a.awaitRunning(b.t, 2)
		b.command(2)
		b.awaitAll()
		prices.states <- NeedState{Met: true, Trouble: errPricesAway}
		b.command(1)
		b.awaitAll()
		before := b.count()
		prices.states <- NeedState{}
		pass(time.Second)
		b.command(2)
		pass(time.Minute)
		require.Len(b.t, b.readAll("counter.events"), before, "events while the need was not met")
		prices.states <- NeedState{Met: true}
		b.awaitAll()
	})
}

// A shard that waits for a need goes where the group says, as any other.
func TestAShardThatWaitsForANeedIsHandedOver(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.needs = []Need{newTold("table prices")}
		a := b.begin("a")
		b.command(1)
		a.await(b.t, func(l *log) bool { return l.group.Held == 2 })
		b.needs = nil
		other := b.begin("b")
		other.awaitRunning(b.t, 1)
		a.leave(b.t)
		b.awaitAll()
	})
}

func TestANeedThatOnlyAnOperatorCanHelpEndsTheEngine(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		prices := newTold("table prices")
		b.needs = []Need{prices}
		a := b.begin("a")
		prices.fatal <- errPricesAway
		require.ErrorIs(b.t, <-a.done, errPricesAway)
		a.over = true
		require.NoError(b.t, a.env.Close())
	})
}

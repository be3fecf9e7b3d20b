package partitions

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A gate stands between an instance and the brokers. Shut, it is a cable pulled: connections die and none can be made.
type gate struct {
	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
}

func (g *gate) dial(ctx context.Context, network, host string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, host)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		_ = c.Close()
		return nil, errors.New("the gate is shut")
	}
	if g.conns == nil {
		g.conns = make(map[net.Conn]bool)
	}
	g.conns[c] = true
	return c, nil
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for c := range g.conns {
			_ = c.Close()
		}
		g.conns = nil
	}
}

func TestCutOffOwnerIsSucceededAndComesBackClean(t *testing.T) {
	w := newWorld(t, 4)
	var g gate
	a := w.startThrough("a", &g)
	w.send(20, 50)
	w.awaitEvents(1000)
	b := w.start("b")
	go w.send(20, 50)
	g.set(true)
	w.send(20, 50)
	w.awaitEvents(3000)
	g.set(false)
	w.send(20, 50)
	w.awaitEvents(4000)
	b.stop(t)
	w.send(20, 50)
	w.awaitEvents(5000)
	a.stop(t)
}

func TestBrokenConnectionsLoseAndDoubleNothing(t *testing.T) {
	w := newWorld(t, 4)
	var g gate
	a := w.startThrough("a", &g)
	for i := range 40 {
		w.send(20, 5)
		if i%2 == 1 {
			g.set(true)
			w.send(20, 5)
			g.set(false)
		}
	}
	w.awaitEvents(6000)
	a.stop(t)
	t.Log(a.events.windows)
}

func TestRefusedOutputIsDeadLetteredAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t, 2)
	a := w.start("a")
	p, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...))
	require.NoError(t, err)
	defer p.Close()
	for i := range 300 {
		value := []byte(nil)
		if i == 100 || i == 200 {
			// More than the topic of events takes, even compressed.
			value = make([]byte, 30000)
			_, _ = rand.Read(value)
		}
		p.Produce(t.Context(), &kgo.Record{Topic: w.name + ".counter.commands", Key: []byte{byte('a' + i%20)}, Value: value}, nil)
	}
	require.NoError(t, p.Flush(t.Context()))
	w.awaitEvents(298)
	w.awaitRecords("counter.dead", 2)
	a.stop(t)
	t.Log(a.events.windows)
}

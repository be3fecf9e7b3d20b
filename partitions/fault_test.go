package partitions

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/transactions"
)

// A gate stands between an instance and the brokers. Shut, it is a cable pulled: connections die and none can be made.
type gate struct {
	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
	// onRequest is called behind every request that was written, with its key; nil for none.
	onRequest func(key int16)
	// beforeRequest is called before a request is written, with all of it; nil for none.
	beforeRequest func(request []byte)
}

// A gatedConn shows the requests that go through it.
type gatedConn struct {
	net.Conn
	gate *gate
}

func (c *gatedConn) Write(b []byte) (int, error) {
	c.gate.mu.Lock()
	on, before := c.gate.onRequest, c.gate.beforeRequest
	c.gate.mu.Unlock()
	if before != nil {
		before(b)
	}
	n, err := c.Conn.Write(b)
	if on != nil && len(b) > 6 {
		// A request begins with its length, then its key.
		on(int16(binary.BigEndian.Uint16(b[4:])))
	}
	return n, err
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
	return &gatedConn{Conn: c, gate: g}, nil
}

func (g *gate) watch(f func(key int16)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onRequest = f
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
	for i := range 20 {
		w.send(20, 5)
		w.awaitEvents(i*200 + 20)
		g.set(true)
		w.send(20, 5)
		g.set(false)
	}
	w.awaitEvents(4000)
	a.stop(t)
	t.Log(a.events.windows)
}

// The sequence: EndTxn is written, its answer never arrives, and before the producer can ask again its transactional id is taken by somebody
// else. Whether the window was committed can only be read from the log. Cutting at once often kills the request too, so both answers occur.
func TestCommitWithoutAnswerIsSettledFromTheLog(t *testing.T) {
	w := newWorld(t, 2)
	var g gate
	a := w.startThrough("a", &g)
	w.send(10, 1)
	w.awaitEvents(10)
	for i := range takenMost {
		cut := make(chan struct{})
		var once sync.Once
		g.watch(func(key int16) {
			if key == int16(kmsg.EndTxn) {
				once.Do(func() {
					if i%2 == 0 {
						<-time.After(5 * time.Millisecond) // The request has the time to take effect; either outcome is right.
					}
					g.set(true)
					close(cut)
				})
			}
		})
		w.send(10, 1)
		<-cut
		g.watch(nil)
		for _, turn := range []string{"a", "b"} {
			w.fence(transactions.TransactionalID(w.name, a.env.InstanceID(), "w0", turn))
		}
		g.set(false)
		w.awaitEvents(10 * (i + 2))
	}
	a.stop(t)
	t.Log(a.events.windows)
	require.Positive(t, a.events.windows["unknown"])
}

// Who succeeds an instance takes its transactional ids, as often as shards move. One that comes back meanwhile is no twin of anybody.
func TestInstanceThatIsFencedAgainAndAgainGoesOn(t *testing.T) {
	w := newWorld(t, 2)
	a := w.start("a")
	for i := range 4 * takenMost {
		w.send(10, 1)
		for _, turn := range []string{"a", "b"} {
			w.fence(transactions.TransactionalID(w.name, a.env.InstanceID(), "w0", turn))
		}
		w.awaitEvents(10 * (i + 1))
	}
	a.stop(t)
	require.Greater(t, a.events.windows["aborted"], takenMost)
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

// fence takes a transactional id, as a successor would.
func (w *world) fence(id string) {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis = kmsg.StringPtr(id), 10000
	req.ProducerID, req.ProducerEpoch = -1, -1
	for {
		resp, err := req.RequestWith(w.t.Context(), w.cl)
		require.NoError(w.t, err)
		if err = kerr.ErrorForCode(resp.ErrorCode); err == nil {
			return
		}
		require.True(w.t, kerr.IsRetriable(err) || errors.Is(err, kerr.ConcurrentTransactions), "%v", err)
	}
}

// The sequence: a process is killed; it stays a member of the group; it is started again. Its shards must not wait for the session timeout.
func TestKilledInstanceThatStartsAgainNeedsNoSessionTimeout(t *testing.T) {
	w := newWorld(t, 2)
	var g gate
	a := w.startThrough("a", &g)
	w.send(10, 10)
	w.awaitEvents(100)
	g.set(true) // It cannot say goodbye.
	a.stop(t)
	began := time.Now()
	a = w.start("a")
	w.send(10, 10)
	w.awaitEvents(200)
	require.Less(t, time.Since(began), 5*time.Second, "the session timeout is 6 s")
	a.stop(t)
}

func TestBrokerThatIsAwayIsToldOf(t *testing.T) {
	w := newWorld(t, 2)
	var g gate
	a := w.startThrough("a", &g)
	a.await(t, func(l *log) bool { return l.running == 2 })
	g.set(true)
	a.await(t, func(l *log) bool {
		return slices.ContainsFunc(l.waits, func(s string) bool { return strings.HasPrefix(s, "broker ") && strings.Contains(s, "the gate is shut") })
	})
	g.set(false)
	w.send(10, 10)
	w.awaitEvents(100)
	a.stop(t)
}

// The brokers go away while a window waits for its fence, and the process is told to end: what it cannot finish in time it leaves behind.
func TestProcessEndsThoughItsWindowsCannot(t *testing.T) {
	w := newWorld(t, 4)
	var g gate
	a := w.startThrough("a", &g)
	a.await(t, func(l *log) bool { return l.running == 4 })
	cut := make(chan struct{})
	var once sync.Once
	g.watch(func(key int16) {
		if kmsg.Key(key) == kmsg.TxnOffsetCommit {
			once.Do(func() { close(cut) })
		}
	})
	w.send(20, 10)
	<-cut
	g.set(true)
	a.stop(t)

	b := w.start("b")
	w.awaitEvents(200)
	b.stop(t)
}

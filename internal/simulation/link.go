package simulation

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// A link is how one life of an instance reaches the brokers.
type link struct {
	dialer dialFunc
	life   string
	tally  *tally
	// witness and outage are the world's, recorder is the life's; nil for the world's own link.
	witness  *witness
	outage   *outage
	recorder *recorder

	// mu guards the rest.
	mu    sync.Mutex
	conns map[*linkConn]struct{}
	cut   bool
	// away are addresses that this life alone cannot reach.
	away map[string]bool
	// thawed is closed when a frozen link goes on; nil while it is not frozen.
	thawed chan struct{}
	// held is closed when requests of a producer go on; nil while they are not held.
	held chan struct{}
	// loseReply is the key of the next request whose answer is lost, delayReply of the next one whose answer takes delay longer; -1 for none.
	loseReply, delayReply int16
	delay                 time.Duration
	latency               time.Duration
}

var errCut = errors.New("the link is cut")

// latency of a request: with none, a client that asks again at once when a leader has moved would never let virtual time go on.
const latency = 200 * time.Microsecond

func newLink(dialer dialFunc, life string, counts *tally) *link {
	return &link{
		dialer: dialer, life: life, tally: counts, conns: make(map[*linkConn]struct{}), away: map[string]bool{}, loseReply: -1, delayReply: -1, latency: latency,
	}
}

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := l.pass(ctx.Done()); err != nil {
		return nil, err
	}
	if l.refuses(address) {
		return nil, errCut
	}
	c, err := l.dialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut || l.away[address] {
		return nil, errors.Join(errCut, c.Close())
	}
	lc := &linkConn{Conn: c, link: l, address: address, closed: make(chan struct{}), framing: framing{waiting: map[int32]*observed{}}}
	l.conns[lc] = struct{}{}
	return lc, nil
}

func (l *link) refuses(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away[address] || (l.outage != nil && l.outage.has(address))
}

// pass waits while the link is frozen.
func (l *link) pass(done <-chan struct{}) error {
	l.mu.Lock()
	cut, thawed := l.cut, l.thawed
	l.mu.Unlock()
	if cut {
		return errCut
	}
	return await(thawed, done)
}

// await waits for a channel, nil for none.
func await(open, done <-chan struct{}) error {
	if open == nil {
		return nil
	}
	select {
	case <-open:
		return nil
	case <-done:
		return errCut
	}
}

// freeze holds back every byte in both directions, as if the process were stopped; thaw lets them go, late as they are.
func (l *link) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.thawed == nil {
		l.thawed = make(chan struct{})
	}
}

func (l *link) thaw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.thawed != nil {
		close(l.thawed)
		l.thawed = nil
	}
}

// hold holds back what producers of transactions ask; all else goes on, the group's heartbeats too.
func (l *link) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = make(chan struct{})
	}
}

func (l *link) letGo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		close(l.held)
		l.held = nil
	}
}

// setCut closes all connections and lets none be made, or lets them be made again.
func (l *link) setCut(cut bool) {
	l.mu.Lock()
	l.cut = cut
	l.mu.Unlock()
	if cut {
		l.closeConns(func(*linkConn) bool { return true })
	}
}

// setAway does so for one address.
func (l *link) setAway(address string, away bool) {
	l.mu.Lock()
	l.away[address] = away
	l.mu.Unlock()
	if away {
		l.closeConns(func(c *linkConn) bool { return c.address == address })
	}
}

func (l *link) closeConns(which func(*linkConn) bool) {
	l.mu.Lock()
	var conns []*linkConn
	for c := range l.conns {
		if which(c) {
			conns = append(conns, c)
		}
	}
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

func (l *link) setLatency(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latency = d
}

// loseNextReply lets the next request of the key through to the broker, and closes its connection instead of passing the answer on.
func (l *link) loseNextReply(key int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loseReply = key
}

// delayNextReply passes the answer to the next request of the key on, late.
func (l *link) delayNextReply(key int16, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delayReply, l.delay = key, d
}

// A fate is what happens to a request.
type fate struct {
	latency, delay time.Duration
	lose           bool
	held           <-chan struct{}
}

// fateOf takes the loss or the delay that waits for a request of the key.
func (l *link) fateOf(key int16) fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := fate{latency: l.latency}
	if key == l.loseReply {
		f.lose, l.loseReply = true, -1
		l.tally.add("answers lost", kmsg.NameForKey(key), 1)
	}
	if key == l.delayReply {
		f.delay, l.delayReply = l.delay, -1
		l.tally.add("answers late", kmsg.NameForKey(key), 1)
	}
	switch kmsg.Key(key) {
	case kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.AddOffsetsToTxn:
		f.held = l.held
	default:
	}
	return f
}

type linkConn struct {
	net.Conn
	link    *link
	address string
	once    sync.Once
	closed  chan struct{}

	// mu guards the rest.
	mu sync.Mutex
	// deaf: the answer to what was written last must not be read.
	deaf bool
	// lateUntil is when the next answer may be read.
	lateUntil time.Time
	// deadline is for reading, zero for none.
	deadline time.Time
	framing  framing
}

func (c *linkConn) Write(b []byte) (int, error) {
	key := int16(-1)
	if len(b) >= 6 {
		// A request begins with its length, then its key.
		key = int16(binary.BigEndian.Uint16(b[4:]))
	}
	f := c.link.fateOf(key)
	time.Sleep(f.latency)
	if err := c.link.pass(c.closed); err != nil {
		return 0, err
	}
	if err := await(f.held, c.closed); err != nil {
		return 0, err
	}
	c.mu.Lock()
	if f.lose {
		c.deaf = true
	}
	if f.delay > 0 {
		c.lateUntil = time.Now().Add(f.delay)
	}
	if c.link.witness != nil {
		c.link.recorder.request(c.address, b)
		if correlation, o := c.link.witness.request(c.link.life, b); o != nil {
			c.framing.waiting[correlation] = o
		}
	}
	c.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *linkConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		err = c.link.pass(c.closed)
	}
	if err == nil {
		err = c.wait()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf {
		return 0, errors.Join(errCut, c.Close())
	}
	if err != nil {
		return 0, err
	}
	if c.link.witness != nil {
		c.framing.take(b[:n], c.link.witness.response)
	}
	return n, nil
}

// latePoll is how often a late answer looks whether its client has given up.
const latePoll = 50 * time.Millisecond

// wait holds a late answer back, for as long as its client waits for it.
func (c *linkConn) wait() error {
	for {
		c.mu.Lock()
		left, deadline := time.Until(c.lateUntil), c.deadline
		c.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if !deadline.IsZero() && !time.Now().Before(deadline) {
			return os.ErrDeadlineExceeded
		}
		pause := time.NewTimer(min(left, latePoll))
		select {
		case <-pause.C:
		case <-c.closed:
			pause.Stop()
			return errCut
		}
	}
}

func (c *linkConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	return c.Conn.SetReadDeadline(t)
}

func (c *linkConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	return c.Conn.SetDeadline(t)
}

func (c *linkConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.link.mu.Lock()
		delete(c.link.conns, c)
		c.link.mu.Unlock()
	})
	return c.Conn.Close()
}

// An outage is which brokers nobody but the world reaches.
type outage struct {
	mu        sync.Mutex
	addresses map[string]bool
}

func newOutage() *outage { return &outage{addresses: map[string]bool{}} }

func (o *outage) has(address string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.addresses[address]
}

func (o *outage) set(address string, away bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.addresses[address] = away
}

package simulation

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// A link is how one life of an instance reaches the brokers.
type link struct {
	dialer dialFunc
	tally  *tally

	// mu guards the rest.
	mu    sync.Mutex
	conns map[*linkConn]struct{}
	cut   bool
	// thawed is closed when a frozen link goes on; nil while it is not frozen.
	thawed chan struct{}
	// loseReply is the key of the next request whose answer is lost; -1 for none.
	loseReply int16
}

var errCut = errors.New("the link is cut")

func newLink(dialer dialFunc, counts *tally) *link {
	return &link{dialer: dialer, tally: counts, conns: make(map[*linkConn]struct{}), loseReply: -1}
}

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := l.pass(ctx.Done()); err != nil {
		return nil, err
	}
	c, err := l.dialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errors.Join(errCut, c.Close())
	}
	lc := &linkConn{Conn: c, link: l, closed: make(chan struct{})}
	l.conns[lc] = struct{}{}
	return lc, nil
}

// pass waits while the link is frozen.
func (l *link) pass(done <-chan struct{}) error {
	l.mu.Lock()
	cut, thawed := l.cut, l.thawed
	l.mu.Unlock()
	if cut {
		return errCut
	}
	if thawed == nil {
		return nil
	}
	select {
	case <-thawed:
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

// setCut closes all connections and lets none be made, or lets them be made again.
func (l *link) setCut(cut bool) {
	l.mu.Lock()
	l.cut = cut
	conns := make([]*linkConn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	if cut {
		for _, c := range conns {
			_ = c.Close()
		}
	}
}

// loseNextReply lets the next request of the key through to the broker, and closes its connection instead of passing the answer on.
func (l *link) loseNextReply(key int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loseReply = key
}

// takeLoss tells whether the request's answer is to be lost.
func (l *link) takeLoss(request []byte) bool {
	if len(request) < 6 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A request begins with its length, then its key.
	if l.loseReply < 0 || int16(binary.BigEndian.Uint16(request[4:])) != l.loseReply {
		return false
	}
	l.tally.add("answers lost", kmsg.NameForKey(l.loseReply), 1)
	l.loseReply = -1
	return true
}

type linkConn struct {
	net.Conn
	link   *link
	once   sync.Once
	closed chan struct{}
	// deaf: the answer to what was written last must not be read.
	mu   sync.Mutex
	deaf bool
}

// latency of a request: with none, a client that asks again at once when a leader has moved would never let virtual time go on.
const latency = 200 * time.Microsecond

func (c *linkConn) Write(b []byte) (int, error) {
	time.Sleep(latency)
	if err := c.link.pass(c.closed); err != nil {
		return 0, err
	}
	if c.link.takeLoss(b) {
		c.mu.Lock()
		c.deaf = true
		c.mu.Unlock()
	}
	return c.Conn.Write(b)
}

func (c *linkConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		err = c.link.pass(c.closed)
	}
	c.mu.Lock()
	deaf := c.deaf
	c.mu.Unlock()
	if deaf {
		return 0, errors.Join(errCut, c.Close())
	}
	if err != nil {
		return 0, err
	}
	return n, nil
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

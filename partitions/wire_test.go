package partitions

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A wire is how one instance reaches the brokers. It can be cut or frozen, and something can be done at the very moment at which a request or its
// answer passes.
type wire struct {
	dialer dialFunc

	mu    sync.Mutex
	conns map[*wireConn]struct{}
	// barred tells which addresses cannot be reached; nil for none.
	barred func(address string) bool
	// thawed is closed when a frozen wire goes on; nil while it is not frozen.
	thawed chan struct{}
	trap   *trap
}

// A trap springs once.
type trap struct {
	moment moment
	spring func(c *wireConn)
	sprung chan struct{}
}

// A moment is one in the life of a request.
type moment struct {
	key  kmsg.Key
	when when
}

type when string

const (
	// asking: the client has made the request, and the broker has nothing of it.
	asking when = "before"
	// carriedOut: the broker has answered, and the client has nothing of it.
	carriedOut when = "unanswered"
	// answered: the client has the answer.
	answered when = "answered"
)

var errCut = errors.New("the wire is cut")

func newWire(dialer dialFunc) *wire {
	return &wire{dialer: dialer, conns: make(map[*wireConn]struct{})}
}

// at springs a trap; the channel is closed when what it does is done.
func (w *wire) at(m moment, spring func(*wireConn)) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trap = &trap{moment: m, spring: spring, sprung: make(chan struct{})}
	return w.trap.sprung
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := w.pass(address, ctx.Done()); err != nil {
		return nil, err
	}
	c, err := w.dialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.barred != nil && w.barred(address) {
		return nil, errors.Join(errCut, c.Close())
	}
	wc := &wireConn{Conn: c, wire: w, address: address, closed: make(chan struct{})}
	w.conns[wc] = struct{}{}
	return wc, nil
}

// pass waits while the wire is frozen.
func (w *wire) pass(address string, done <-chan struct{}) error {
	w.mu.Lock()
	barred, thawed := w.barred != nil && w.barred(address), w.thawed
	w.mu.Unlock()
	switch {
	case barred:
		return errCut
	case thawed == nil:
		return nil
	}
	select {
	case <-thawed:
		return nil
	case <-done:
		return errCut
	}
}

// freeze holds every byte back in both directions, as if the process were stopped, until thaw.
func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.thawed == nil {
		w.thawed = make(chan struct{})
	}
}

func (w *wire) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.thawed != nil {
		close(w.thawed)
		w.thawed = nil
	}
}

// bar closes the connections to some addresses, and lets none be made to them.
func (w *wire) bar(barred func(address string) bool) {
	w.mu.Lock()
	w.barred = barred
	var closing []*wireConn
	for c := range w.conns {
		if barred(c.address) {
			closing = append(closing, c)
		}
	}
	w.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}

func everywhere(string) bool { return true }

func (w *wire) cut()  { w.bar(everywhere) }
func (w *wire) mend() { w.bar(func(string) bool { return false }) }

// spring does what is to be done at the moment, once.
func (w *wire) spring(c *wireConn, key int16, when when) {
	w.mu.Lock()
	t := w.trap
	if t == nil || t.moment.when != when || t.moment.key.Int16() != key {
		w.mu.Unlock()
		return
	}
	w.trap = nil
	w.mu.Unlock()
	t.spring(c)
	close(t.sprung)
}

// A wireConn is used by one writing and one reading goroutine.
type wireConn struct {
	net.Conn
	wire    *wire
	address string
	once    sync.Once
	closed  chan struct{}

	mu    sync.Mutex
	asked []int16

	// Of the reader: how much is left of an answer, and what is there of its head, which says how long it is.
	left int
	head []byte
}

// latency of a request: with none, a client that asks again at once would never let virtual time go on.
const latency = 200 * time.Microsecond

func (c *wireConn) Write(b []byte) (int, error) {
	pass(latency)
	// A request begins with its length, then its key.
	key := int16(binary.BigEndian.Uint16(b[4:]))
	c.wire.spring(c, key, asking)
	if err := c.wire.pass(c.address, c.closed); err != nil {
		return 0, err
	}
	c.mu.Lock()
	c.asked = append(c.asked, key)
	c.mu.Unlock()
	return c.Conn.Write(b)
}

const headLength = 4

func (c *wireConn) Read(b []byte) (int, error) {
	if c.left == 0 && len(c.head) < headLength {
		b = b[:min(len(b), headLength-len(c.head))]
	} else {
		b = b[:min(len(b), c.left)]
	}
	n, err := c.Conn.Read(b)
	if err != nil {
		return n, err
	}
	if c.left == 0 && len(c.head) == 0 {
		c.wire.spring(c, c.answering(), carriedOut)
	}
	if err := c.wire.pass(c.address, c.closed); err != nil {
		return 0, err
	}
	c.count(b[:n])
	return n, nil
}

func (c *wireConn) count(b []byte) {
	if c.left == 0 {
		if c.head = append(c.head, b...); len(c.head) == headLength {
			c.left = int(binary.BigEndian.Uint32(c.head))
		}
		return
	}
	if c.left -= len(b); c.left > 0 {
		return
	}
	key := c.answering()
	c.mu.Lock()
	c.asked, c.head = c.asked[1:], nil
	c.mu.Unlock()
	c.wire.spring(c, key, answered)
}

// answering is the request that the next answer is to.
func (c *wireConn) answering() int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[0]
}

// hold lets time pass, unless the connection ends.
func (c *wireConn) hold(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.closed:
	}
}

func (c *wireConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.wire.mu.Lock()
		delete(c.wire.conns, c)
		c.wire.mu.Unlock()
	})
	return c.Conn.Close()
}

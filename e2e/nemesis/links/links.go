// Package links is the network between processors and brokers, as far as it can be broken: a TCP proxy for each pair.
package links

import (
	"context"
	"net"
	"sync"
	"time"
)

// A Link leads connections from one address to another, in order or broken: cut, deaf or slow.
type Link struct {
	from, to string

	mu       sync.Mutex
	listener net.Listener // nil while it is cut
	open     map[net.Conn]struct{}
	gate     chan struct{} // closed while bytes may pass
	delay    time.Duration
}

// New opens a link.
func New(ctx context.Context, from, to string) (*Link, error) {
	l := &Link{from: from, to: to, open: make(map[net.Conn]struct{}), gate: make(chan struct{})}
	close(l.gate)
	return l, l.listen(ctx)
}

func (l *Link) listen(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", l.from)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	go l.accept(listener)
	return nil
}

// Cut closes all connections and refuses new ones.
func (l *Link) Cut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.listener != nil {
		err, l.listener = l.listener.Close(), nil
	}
	for c := range l.open {
		reset(c)
	}
	clear(l.open)
	return err
}

// Deafen lets connections stand, and takes new ones, but no byte arrives before the link is healed; then all do.
func (l *Link) Deafen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.gate:
		l.gate = make(chan struct{})
	default: // It is deaf already.
	}
}

// Slow makes every byte take that long, each way.
func (l *Link) Slow(delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = delay
}

// Heal puts the link in order, whatever was done to it.
func (l *Link) Heal(ctx context.Context) error {
	l.mu.Lock()
	l.delay = 0
	select {
	case <-l.gate:
	default:
		close(l.gate)
	}
	cut := l.listener == nil
	l.mu.Unlock()
	if !cut {
		return nil
	}
	return l.listen(ctx)
}

// state is what a byte meets now.
func (l *Link) state() (gate <-chan struct{}, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate, l.delay
}

// hold notes an open connection; false while the link is cut.
func (l *Link) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return false
	}
	l.open[c] = struct{}{}
	return true
}

// reset closes a connection as the network does, not as a program that has finished.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // It may be closed already.
	}
	_ = c.Close() // It may be closed already.
}

func (l *Link) release(c net.Conn) {
	_ = c.Close() // It may be closed already.
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

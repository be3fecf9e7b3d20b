package embedded

import (
	"net"
	"sync"
)

// A gate is a listener that accepts nobody until it is opened; who comes earlier waits in the system's queue.
type gate struct {
	net.Listener
	opened chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newGate(l net.Listener) *gate {
	return &gate{Listener: l, opened: make(chan struct{}), closed: make(chan struct{})}
}

func (g *gate) open() { close(g.opened) }

// Accept waits for the gate to be opened.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case <-g.opened:
		return g.Listener.Accept()
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close closes the listener, and Accept returns.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

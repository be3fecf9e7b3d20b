package links

import (
	"net"
	"time"
)

const (
	chunkBytes  = 16 << 10
	chunksAhead = 64 // in flight on a slow link, each way
)

func (l *Link) accept(listener net.Listener) {
	for {
		c, err := listener.Accept()
		if err != nil {
			return // The link was cut.
		}
		go l.join(c)
	}
}

// join leads one connection on.
func (l *Link) join(near net.Conn) {
	defer l.release(near)
	if !l.hold(near) {
		return
	}
	gate, _ := l.state()
	<-gate
	far, err := net.Dial("tcp", l.to)
	if err != nil {
		reset(near) // Nobody is there; a connection that is refused late is the nearest that a proxy has.
		return
	}
	defer l.release(far)
	if !l.hold(far) {
		return
	}
	done := make(chan struct{}, 2)
	go func() { l.pump(far, near); done <- struct{}{} }()
	go func() { l.pump(near, far); done <- struct{}{} }()
	<-done // One way closed: Kafka's protocol has no use for the other.
}

// A chunk is bytes on their way.
type chunk struct {
	bytes []byte
	due   time.Time
}

// pump leads bytes from one side to the other. Reading goes on while bytes are on their way, so a slow link has latency, not less bandwidth.
func (l *Link) pump(to, from net.Conn) {
	way := make(chan chunk, chunksAhead)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.deliver(to, way)
	}()
	defer func() {
		close(way)
		<-ended // What was read before the end still arrives.
	}()
	for {
		buffer := make([]byte, chunkBytes)
		n, err := from.Read(buffer)
		if n > 0 {
			_, delay := l.state()
			select {
			case way <- chunk{bytes: buffer[:n], due: time.Now().Add(delay)}:
			case <-ended:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *Link) deliver(to net.Conn, way <-chan chunk) {
	for c := range way {
		if wait := time.Until(c.due); wait > 0 {
			<-time.After(wait)
		}
		gate, _ := l.state()
		<-gate
		if _, err := to.Write(c.bytes); err != nil {
			return
		}
	}
}

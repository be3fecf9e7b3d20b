package partitions

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// connections tells of brokers that cannot be reached, and of their return. Clients retry by themselves and say nothing, so a process without a
// broker would look idle.
type connections struct{ waits *waits }

var _ kgo.HookBrokerConnect = connections{}

// OnBrokerConnect is called for every attempt of every client.
func (c connections) OnBrokerConnect(broker kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	what := "broker " + net.JoinHostPort(broker.Host, strconv.Itoa(int(broker.Port)))
	switch {
	case err == nil:
		c.waits.over(what)
	case errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed):
		// Who asked does not want it any more: a client is closed, a poll was woken while it connected.
	default:
		c.waits.say(what, err)
	}
}

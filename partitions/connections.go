package partitions

import (
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
	if err != nil {
		c.waits.say(what, err)
		return
	}
	c.waits.over(what)
}

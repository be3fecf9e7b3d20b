package partitions

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// connections tells of brokers that cannot be reached, and of their return. Clients retry by themselves and say nothing, so a process without a
// broker would look idle.
type connections struct{ waits *waits }

// membership tells of a group that does not take this process as a member, and of its change of mind.
type membership struct {
	waits *waits
	group string
}

var (
	_ kgo.HookBrokerConnect    = connections{}
	_ kgo.HookGroupManageError = membership{}
)

// OnGroupManageError is called each time before the client tries to join again.
func (m membership) OnGroupManageError(err error) {
	m.waits.say(m.what(), client.NameRight(err, "READ", "group "+m.group))
}

// joined ends the wait.
func (m membership) joined() { m.waits.over(m.what()) }

func (m membership) what() string { return "group " + m.group }

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

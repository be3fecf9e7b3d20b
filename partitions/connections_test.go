package partitions

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestAConnectionThatNobodyWaitsForAnyMoreIsNoTrouble(t *testing.T) {
	var told []string
	c := connections{waits: newWaits(Listener{Waiting: func(e WaitingEvent) { told = append(told, e.For) }}.withDefaults())}
	broker := kgo.BrokerMetadata{Host: "127.0.0.1", Port: 9092}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:9092")
	require.Error(t, err)
	c.OnBrokerConnect(broker, 0, nil, fmt.Errorf("unable to dial: %w", err))
	require.Empty(t, told)

	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:1")
	require.Error(t, err)
	c.OnBrokerConnect(broker, 0, nil, fmt.Errorf("unable to dial: %w", err))
	require.Equal(t, []string{"broker 127.0.0.1:9092"}, told)
}

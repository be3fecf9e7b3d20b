package admin_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
)

// A broker has gone: the others answer, but not for the partitions that it led, until these have other leaders.
func TestBoundsWaitForLeadersThatMove(t *testing.T) {
	ctx := within(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2), kfake.SeedTopics(2, "moving"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	there, away := cluster.ListenAddrs()[0], cluster.ListenAddrs()[1]
	var refused atomic.Int32
	cl, err := client.NewAdmin(client.Config{Brokers: []string{there}, ID: "test", Dial: func(ctx context.Context, network, host string) (net.Conn, error) {
		// More often than the client itself tries.
		if host == away && refused.Add(1) <= 10 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		return new(net.Dialer).DialContext(ctx, network, host)
	}})
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	for partition := range int32(2) {
		require.NoError(t, cluster.MoveTopicPartition("moving", partition, partition))
	}
	bounds, err := admin.New(cl).Bounds(ctx, "moving")
	require.NoError(t, err)
	require.Len(t, bounds, 2)
	require.Greater(t, refused.Load(), int32(10))
}

// TestATopicThatABrokerDoesNotKnowYetIsAskedForAgain: the broker that lists a new topic is not the one that is asked for its settings.
func TestATopicThatABrokerDoesNotKnowYetIsAskedForAgain(t *testing.T) {
	ctx := within(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "young"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	behind := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.UnknownTopicOrPartition, Count: 1})
	adm, _ := connect(t, client.Config{Brokers: cluster.ListenAddrs(), ID: "test"})
	found, err := adm.Describe(ctx, "young")
	require.NoError(t, err)
	require.Equal(t, int32(2), found["young"].Partitions)
	require.NotEmpty(t, found["young"].Config)
	require.Equal(t, 1, behind.Hits())
}

// A broker that does not know a topic's leaders yet may answer without its id and its partitions.
func TestTopicThatIsNotReadyIsAnErrorAndNotOneWithoutID(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "shop.progress"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	adm, _ := connect(t, client.Config{Brokers: cluster.ListenAddrs(), ID: "test"})
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "shop.progress", Err: kerr.LeaderNotAvailable, Count: 1})
	_, err = adm.Describe(within(t), "shop.progress")
	require.ErrorIs(t, err, kerr.LeaderNotAvailable)
	found, err := adm.Describe(within(t), "shop.progress")
	require.NoError(t, err)
	require.NotZero(t, found["shop.progress"].ID)
}

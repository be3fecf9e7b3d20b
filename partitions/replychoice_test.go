package partitions

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/partita-io/partita/kafka/client"
)

// A command that waited with a parked entity does not come with the window's records, from whose headers topics are looked up before.
func TestReplyTopicThatNoRecordNamedIsLookedUp(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "answers"))
	require.NoError(t, err)
	defer c.Close()
	cl, err := client.NewAdmin(client.Config{Brokers: c.ListenAddrs()})
	require.NoError(t, err)
	defer cl.Close()
	r := newReplyTopics("shop", cl)

	partition, ok := r.choose(t.Context(), "answers", -1, 4)
	require.True(t, ok)
	require.EqualValues(t, 1, partition)
	_, ok = r.choose(t.Context(), "nowhere", 0, 4)
	require.False(t, ok)
	_, ok = r.choose(t.Context(), "shop.cart.events", 0, 4)
	require.False(t, ok, "a topic of the context is not even asked for")
}

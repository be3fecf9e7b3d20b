package replicated

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/partitions"
)

// Shards run when the need is met: who decided before would have heard of less than was known.
func TestTheNeedIsMetWhenAllThatWasThereIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := new(kfake.VirtualNetwork)
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen), kfake.Ports(9092))
		require.NoError(t, err)
		defer cluster.Close()
		cfg := client.Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext}
		asker, err := client.NewAdmin(cfg)
		require.NoError(t, err)
		defer asker.Close()
		_, err = kadm.NewClient(asker).CreateTopic(t.Context(), 2, 1, nil, "shop.replicated")
		require.NoError(t, err)

		other := New(declared(t), "shop.replicated")
		producer, err := client.NewPlainProducer(cfg)
		require.NoError(t, err)
		defer producer.Close()
		for shard := range int32(2) {
			own, w := NewOwn(other, "cart", shard), newWindow()
			decide(t, own, w, visited(), visited())
			require.NoError(t, producer.ProduceSync(t.Context(), w.commit()...).FirstErr())
		}

		values := New(declared(t), "shop.replicated")
		ctx, cancel := context.WithCancel(t.Context())
		var met []int64
		ended := make(chan error, 1)
		go func() {
			ended <- values.Run(ctx, cfg, func(state partitions.NeedState) {
				if state.Met {
					met = append(met, count(values))
				}
			})
		}()
		<-time.After(10 * time.Second)
		cancel()
		require.NoError(t, <-ended)
		require.NotEmpty(t, met)
		for _, heard := range met {
			require.EqualValues(t, 4, heard)
		}
	})
}

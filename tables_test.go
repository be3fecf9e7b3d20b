package partita_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

type (
	Order struct {
		Cents int64 `avro:"cents,default=0"`
	}
	Place struct {
		SKU string `avro:"sku"`
	}
	Placed struct {
		SKU   string `avro:"sku"`
		Cents int64  `avro:"cents"`
	}
	Price struct {
		Cents int64 `avro:"cents"`
	}
)

var prices = typed.NewTable[Price]("prices", "shop-prices")

var order = typed.NewEntity("order",
	typed.On(func(_ Order, c Place, ctx typed.Context) typed.Effects {
		price, there := prices.Get(ctx, c.SKU)
		if !there {
			return typed.Reject("no-price", c.SKU+" is not for sale")
		}
		return typed.Emit(Placed{SKU: c.SKU, Cents: price.Cents})
	}),
	typed.Apply(func(o *Order, e Placed) { o.Cents += e.Cents }),
)

func TestAnOrderCostsWhatTheTableSays(t *testing.T) {
	o := typedtest.Entity(t, order, "o1", prices).GivenTables(typedtest.Rows(prices, map[string]Price{"apple": {Cents: 120}}))
	o.When(Place{SKU: "apple"}).Then(Placed{SKU: "apple", Cents: 120})
	o.When(Place{SKU: "pear"}).ThenRejected("no-price")
}

// Commands that were there before the processes are decided with all rows, though nothing was said before it started.
func TestTablesAreWholeBeforeAnythingIsDecided(t *testing.T) {
	broker := startBroker(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics("math.order.events"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	_, err = kadm.NewClient(cl).CreateTopic(t.Context(), 3, 1, nil, "shop-prices")
	require.NoError(t, err)
	price := func(sku, value string) {
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: "shop-prices", Key: []byte(sku), Value: []byte(value)}).FirstErr())
	}
	price("apple", `{"cents":120}`)
	price("pear", `{"cents":80}`)
	stop := start(t, broker, t.TempDir(), order, prices)
	for _, sku := range []string{"apple", "pear"} {
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{
			Topic: "math.order.commands", Key: []byte("o1"), Value: []byte(`{"type":"Place","sku":"` + sku + `"}`),
		}).FirstErr())
	}
	require.Equal(t, Placed{"apple", 120}, nextAs[Placed](t, cl))
	require.Equal(t, Placed{"pear", 80}, nextAs[Placed](t, cl))
	require.NoError(t, stop())
}

func TestTopicsOfTheContextThatHoldNoRowsAreRefused(t *testing.T) {
	parts := []typed.Part{order, receipts, typed.NewTable[Receipt]("receipts", "math.receipts"), typed.NewTable[Placed]("orders", "math.order.events")}
	err := partita.Run(t.Context(), partita.Context{Name: "math", Partitions: 1, Parts: parts}, partita.Options{Brokers: []string{"127.0.0.1:1"}})
	require.EqualError(t, err, "table orders: topic math.order.events is this context's own: of its topics those of projections and publications can be tables: "+
		"math.receipts")
}

package typedtest_test

import (
	"slices"
	"testing"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/behaviors/typed/typedtest"
)

// A Price is a row of a table.
type Price struct {
	Cents int64  `avro:"cents"`
	Kind  string `avro:"kind,default=fruit"`
}

type (
	Basket  struct{}
	PutInto struct {
		SKU string `avro:"sku"`
	}
	Went struct {
		SKU   string `avro:"sku"`
		Cents int64  `avro:"cents"`
	}
	Sold struct {
		Cents int64 `avro:"cents,default=0"`
	}
)

var prices = typed.NewTable[Price]("prices", "shop-prices")

var basket = typed.NewEntity("basket",
	typed.On(func(_ Basket, c PutInto, ctx typed.Context) typed.Effects {
		price, there := prices.Get(ctx, c.SKU)
		if !there {
			return typed.Reject("no-price", "there is no price of "+c.SKU)
		}
		return typed.Emit(Went{SKU: c.SKU, Cents: price.Cents})
	}),
	typed.Apply(func(*Basket, Went) {}),
)

var sold = typed.NewProjection("sold", typed.From(basket),
	typed.Key[Sold](func(e Went, ctx *typed.EventContext) string {
		price, _ := prices.Get(ctx, e.SKU)
		return price.Kind
	}),
	typed.Fold(func(row *Sold, e Went, ctx *typed.EventContext) {
		if prices.Has(ctx, e.SKU) {
			row.Cents += e.Cents
		}
	}),
)

var stocked = typed.NewStream("stocked", typed.From(basket), typed.Writes[Sold](),
	typed.Each(func(e Went, ctx *typed.EventContext) []typed.Written {
		return []typed.Written{typed.Write(e.SKU, Sold{Cents: int64(prices.Len(ctx))})}
	}),
)

var wishes = typed.NewSubscription("wishes", "wishes", typed.OnMessage(func(_ PutInto, ctx typed.MessageContext) typed.Effects {
	effects := typed.Effects{}
	for _, sku := range slices.Collect(prices.Keys(ctx)) {
		effects = effects.And(typed.Send("basket", ctx.Key, PutInto{SKU: sku}))
	}
	return effects
}))

func TestFunctionsLookTablesUp(t *testing.T) {
	rows := typedtest.Rows(prices, map[string]Price{"pear": {Cents: 80, Kind: "fruit"}, "beet": {Cents: 20, Kind: "vegetable"}})
	typedtest.Entity(t, basket, "b1", prices).GivenTables(rows).
		When(PutInto{SKU: "pear"}).Then(Went{SKU: "pear", Cents: 80}).
		When(PutInto{SKU: "plum"}).ThenRejected("no-price")
	typedtest.Entity(t, basket, "b1", prices).When(PutInto{SKU: "pear"}).ThenRejected("no-price")
	typedtest.Projection(t, sold, basket, prices).GivenTables(rows).
		When("b1", Went{SKU: "pear", Cents: 80}, Went{SKU: "beet", Cents: 20}).
		Then(map[string]Sold{"fruit": {Cents: 80}, "vegetable": {Cents: 20}})
	typedtest.Stream(t, stocked, basket, prices).GivenTables(rows).When("b1", Went{SKU: "pear"}).Then(typed.Write("pear", Sold{Cents: 2}))
	typedtest.Subscription(t, wishes, basket, prices).GivenTables(rows).When("b1", PutInto{}).
		ThenSends(typed.Send("basket", "b1", PutInto{SKU: "beet"}), typed.Send("basket", "b1", PutInto{SKU: "pear"}))
}

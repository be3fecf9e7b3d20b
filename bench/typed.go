package main

import (
	"context"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/replicated"
)

// The folder bench/cart in Go.

// Cart is the state.
type Cart struct {
	CustomerID string           `avro:"customer_id"`
	Lines      map[string]int64 `avro:"lines"`
	TotalCents int64            `avro:"total_cents"`
	CheckedOut bool             `avro:"checked_out"`
}

// AddItem is the command.
type AddItem struct {
	SKU        string `avro:"sku"`
	Quantity   int64  `avro:"quantity"`
	PriceCents int64  `avro:"price_cents"`
	CustomerID string `avro:"customer_id"`
}

// ItemAdded is the event.
type ItemAdded struct {
	SKU        string `avro:"sku"`
	Quantity   int64  `avro:"quantity"`
	PriceCents int64  `avro:"price_cents"`
	CustomerID string `avro:"customer_id"`
}

func (c Cart) addItem(cmd AddItem, _ typed.Context) typed.Effects {
	switch {
	case c.CheckedOut:
		return typed.Reject("cart-closed", "the cart is already checked out")
	case cmd.Quantity <= 0:
		return typed.Reject("bad-quantity", "quantity must be positive")
	}
	return typed.Emit(ItemAdded(cmd))
}

// counted are the counters of the items.
type counted map[string]typed.Counter

func newCounted() (counted, []typed.Part) {
	c, parts := counted{}, []typed.Part{}
	for i := range skus {
		counter := typed.NewCounter(skuOf(i))
		c[counter.Name()], parts = counter, append(parts, counter)
	}
	return c, parts
}

func (c counted) addItem(cart Cart, cmd AddItem, ctx typed.Context) typed.Effects {
	return cart.addItem(cmd, ctx).And(c[cmd.SKU].Increment(1))
}

func (c *Cart) itemAdded(e ItemAdded) {
	c.CustomerID = e.CustomerID
	c.Lines[e.SKU] += e.Quantity
	c.TotalCents += e.Quantity * e.PriceCents
}

// Totals is a row.
type Totals struct {
	Items      int64 `avro:"items"`
	TotalCents int64 `avro:"total_cents"`
}

func (t *Totals) itemAdded(e ItemAdded, _ *typed.EventContext) {
	t.Items += e.Quantity
	t.TotalCents += e.Quantity * e.PriceCents
}

func customer(e ItemAdded, _ *typed.EventContext) string { return e.CustomerID }

// typedComponents are the folder's: the entity, which counts if there are values, and the re-keyed projection.
func typedComponents(ctx context.Context, name string, values *replicated.Values) ([]partitions.Component, error) {
	addItem, parts := Cart.addItem, []typed.Part(nil)
	if values != nil {
		var counters counted
		counters, parts = newCounted()
		addItem = counters.addItem
	}
	cart := typed.NewEntity("cart",
		typed.On(addItem), typed.Apply((*Cart).itemAdded), typed.Initial(func() Cart { return Cart{Lines: map[string]int64{}} }))
	parts = append(parts, cart, typed.NewProjection("totals", typed.From(cart), typed.Fold((*Totals).itemAdded), typed.Key[Totals](customer)))
	model, err := typed.Bind(ctx, typed.Config{}, parts...)
	if err != nil {
		return nil, err
	}
	e, p := model.Entities[0], model.Projections[0]
	in := topics.Context{Name: name, Partitions: shards}
	return []partitions.Component{
		commands.Definition{Topics: in, Name: e.Name, Behavior: e.Behavior, Remember: e.Remember, Replicated: values}.Component(ctx),
		projections.Definition{
			Topics: in, Name: p.Name, Behavior: p.Behavior, Keyed: p.Keyed, Sources: []string{in.Events(e.Name).Name},
		}.Component(ctx),
	}, nil
}

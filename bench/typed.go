package main

import (
	"context"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
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

func (c *Cart) itemAdded(e ItemAdded) {
	c.CustomerID = e.CustomerID
	c.Lines[e.SKU] += e.Quantity
	c.TotalCents += e.Quantity * e.PriceCents
}

// typedComponents are those of the folder's entity.
func typedComponents(ctx context.Context, name string) ([]partitions.Component, error) {
	model, err := typed.Bind(ctx, typed.Config{}, typed.NewEntity("cart",
		typed.On(Cart.addItem), typed.Apply((*Cart).itemAdded), typed.Initial(func() Cart { return Cart{Lines: map[string]int64{}} })))
	if err != nil {
		return nil, err
	}
	e := model.Entities[0]
	d := commands.Definition{
		Topics: topics.Context{Name: name, Partitions: shards}, Name: e.Name, Behavior: e.Behavior, Remember: e.Remember,
	}
	return []partitions.Component{d.Component(ctx)}, nil
}

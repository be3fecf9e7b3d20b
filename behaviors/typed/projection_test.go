package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

type Total struct {
	Quantity int64 `avro:"quantity"`
}

func totals(from typed.Source) *typed.Projection[Total] {
	return typed.NewProjection("totals", typed.From(from),
		typed.Fold(func(row *Total, e ItemAdded, _ *typed.EventContext) {
			if e.Line.Sku == "boom" {
				panic("no shelf")
			}
			row.Quantity += int64(e.Line.Quantity)
		}),
		typed.Fold(func(_ *Total, _ Closed, ctx *typed.EventContext) { ctx.DeleteRow() }),
		typed.Key[Total](func(e ItemAdded, _ *typed.EventContext) string { return e.Line.Sku }),
		typed.Key[Total](func(_ Closed, ctx *typed.EventContext) string { return string(ctx.Header("customer")) }),
	)
}

func happened(typ, data string) *behaviors.Event {
	return &behaviors.Event{
		Entity: "cart", EntityID: "c1", Sequence: 1, Type: typ, Payload: entities.Payload{Data: []byte(data)},
		Headers: []entities.Header{{Key: "customer", Value: []byte("alice")}},
	}
}

func TestEventsAreFoldedIntoRows(t *testing.T) {
	m := bind(t, typed.Config{}, cart(), totals(cart()))
	bound := m.Projections[0]
	require.Equal(t, []string{"cart"}, bound.Entities)
	require.True(t, bound.Keyed)
	p := bound.Behavior
	require.True(t, p.Wants("ItemAdded"))
	require.False(t, p.Wants("Forgotten"))
	require.Equal(t, "Total", p.RowType())

	row, failure := p.Apply(t.Context(), nil, happened("ItemAdded", `{"line":{"sku":"apple","quantity":2}}`))
	require.Nil(t, failure)
	row, failure = p.Apply(t.Context(), row, happened("ItemAdded", `{"line":{"sku":"apple","quantity":3}}`))
	require.Nil(t, failure)
	shown, err := p.RowJSON(row)
	require.NoError(t, err)
	require.JSONEq(t, `{"quantity":5}`, string(shown))

	key, failure := p.Key(t.Context(), happened("Closed", `{"customer":"bob"}`))
	require.Nil(t, failure)
	require.Equal(t, "alice", key)
	row, failure = p.Apply(t.Context(), row, happened("Closed", `{"customer":"bob"}`))
	require.Nil(t, failure)
	require.Nil(t, row)
}

func TestAProjectionWithoutKeysHasARowForEachEntity(t *testing.T) {
	c := cart()
	m := bind(t, typed.Config{}, c, typed.NewProjection("closings", typed.From(c), typed.Fold(func(row *Total, _ Closed, _ *typed.EventContext) { row.Quantity++ })))
	require.False(t, m.Projections[0].Keyed)
	key, failure := m.Projections[0].Behavior.Key(t.Context(), happened("Closed", `{"customer":"bob"}`))
	require.Nil(t, failure)
	require.Equal(t, "c1", key)
}

func TestAnEventThatCannotBeFoldedFails(t *testing.T) {
	p := bind(t, typed.Config{}, cart(), totals(cart())).Projections[0].Behavior
	_, failure := p.Apply(t.Context(), nil, happened("ItemAdded", `{"line":{"sku":"boom","quantity":2}}`))
	require.NotNil(t, failure)
	require.Equal(t, entities.BehaviorError, failure.Code)
	require.Regexp(t, `typed/projection_test\.go:\d+: panic: no shelf`, failure.Message)

	_, failure = p.Apply(t.Context(), nil, happened("ItemAdded", `{"line":2}`))
	require.NotNil(t, failure)
	require.Equal(t, entities.Malformed, failure.Code)

	_, failure = p.Apply(t.Context(), []byte("no row"), happened("ItemAdded", `{"line":{"sku":"apple","quantity":2}}`))
	require.NotNil(t, failure)
	require.Equal(t, entities.BehaviorError, failure.Code)
	require.Contains(t, failure.Message, "the stored row of projection totals cannot be read")
}

package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

type Article struct {
	Sku string `avro:"sku"`
}

type Farewell struct {
	To string `avro:"to"`
}

func articles(from typed.Source) *typed.Stream {
	return typed.NewStream("articles", typed.From(from), typed.Writes[Article](), typed.Writes[Farewell](),
		typed.Each(func(e ItemAdded, ctx *typed.EventContext) []typed.Written {
			switch e.Line.Sku {
			case "":
				return nil
			case "boom":
				panic("no shelf")
			case "stranger":
				return []typed.Written{typed.Write("k", Total{})}
			case "raw":
				return []typed.Written{{Key: "k", Value: Article{}}}
			}
			var all []typed.Written
			for range e.Line.Quantity {
				all = append(all, typed.Write(e.Line.Sku, Article{Sku: e.Line.Sku}))
			}
			return append(all, typed.Write(ctx.EntityID, Farewell{To: string(ctx.Header("customer"))}))
		}),
	).OnFailure(entities.Stop)
}

func TestAnEventLeadsToMessages(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		m := bind(t, typed.Config{Options: schemas.Options{Encoding: encoding}}, cart(), articles(cart()))
		bound := m.Streams[0]
		require.Equal(t, []any{"articles", "", []string{"cart"}, entities.Stop}, []any{bound.Name, bound.To, bound.Entities, bound.OnFailure})
		require.True(t, bound.Behavior.Wants("ItemAdded"))
		require.False(t, bound.Behavior.Wants("Closed"))
		var shown []string
		for range 2 { // The second time sizes are known.
			written, failure := bound.Behavior.Write(t.Context(), happened("ItemAdded", `{"line":{"sku":"apple","quantity":2}}`))
			require.Nil(t, failure)
			shown = nil
			for _, w := range written {
				message, value, err := m.Codec.Decode(t.Context(), w.Payload, w.Type)
				require.NoError(t, err)
				data, err := schemas.AppendJSON(nil, message.Type, value)
				require.NoError(t, err)
				shown = append(shown, w.Key+" "+w.Type+" "+string(data))
			}
		}
		require.Equal(t, []string{`apple Article {"sku":"apple"}`, `apple Article {"sku":"apple"}`, `c1 Farewell {"to":"alice"}`}, shown)
	}
}

func TestAnEventMayLeadToNoMessage(t *testing.T) {
	b := bind(t, typed.Config{}, cart(), articles(cart())).Streams[0].Behavior
	written, failure := b.Write(t.Context(), happened("ItemAdded", `{"line":{"sku":"","quantity":2}}`))
	require.Nil(t, failure)
	require.Empty(t, written)
}

func TestAStreamThatFailsSaysWhere(t *testing.T) {
	b := bind(t, typed.Config{}, cart(), articles(cart())).Streams[0].Behavior
	for event, c := range map[string]struct {
		code entities.FailureCode
		says string
	}{
		`{"line":{"sku":"boom","quantity":2}}`:     {entities.BehaviorError, `typed/stream_test\.go:\d+: panic: no shelf`},
		`{"line":{"sku":"stranger","quantity":2}}`: {entities.BehaviorError, `wrote a \*typed_test\.Total, which is none of its messages: make it with Write, and give NewStream its Writes`},
		`{"line":{"sku":"raw","quantity":2}}`:      {entities.BehaviorError, `wrote a typed_test\.Article, which is none of its messages: make it with Write`},
		`{"line":2}`:                               {entities.Malformed, ""},
	} {
		written, failure := b.Write(t.Context(), happened("ItemAdded", event))
		require.Empty(t, written)
		require.NotNil(t, failure, event)
		require.Equal(t, c.code, failure.Code)
		require.Regexp(t, c.says, failure.Message)
	}
}

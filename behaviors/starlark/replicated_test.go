package starlark

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
)

// heard has a counter visitors, a map stock of counters, and a flag open, of which nothing is known. Each time somebody looks at visitors it is one more.
func heard(tb testing.TB) Replicated {
	tb.Helper()
	r := Replicated{Types: map[string]crdt.Type{}}
	for name, written := range map[string]string{"visitors": "counter", "stock-left": "map of counter", "open": "flag"} {
		var err error
		r.Types[name], err = crdt.ParseType(written)
		require.NoError(tb, err)
	}
	looks := int64(0)
	r.Views = func(name string) crdt.View {
		own := crdt.New(r.Types[name], 1)
		none, err := crdt.Fold(r.Types[name])
		require.NoError(tb, err)
		switch name {
		case "visitors":
			looks++
			own, err = own.Apply(crdt.Increment(4+looks), none)
		case "stock-left":
			own, err = own.Apply(crdt.Increment(3).At("pear"), none)
		}
		require.NoError(tb, err)
		view, err := crdt.Fold(own.Type(), own)
		require.NoError(tb, err)
		return view
	}
	return r
}

func TestFunctionsOfProjectionsAndSubscriptionsReadReplicatedValues(t *testing.T) {
	x := cartExample(t)
	records := x.records(t, "Cart", "ItemAdded")
	event := &behaviors.Event{Type: "ItemAdded", EntityID: "c1", Payload: x.payload(t, "ItemAdded", `{"sku":"pear","quantity":2}`)}
	script := func(text string) fstest.MapFS { return fstest.MapFS{"p.star": {Data: []byte(text)}} }

	p, problems := LoadProjection(ProjectionConfig{
		Folder: script("def key_item_added(event, ctx):\n    return ctx.replicated.visitors.value\n" +
			"def on_item_added(row, event, ctx):\n    row.total = ctx.replicated.stock_left.at(event.sku).value\n"),
		File: "p.star", Name: "p", Row: records[0], Events: records[1:], Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(), Replicated: heard(t),
	})
	require.Empty(t, problems)
	key, failure := p.Key(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "5", key)
	row, failure := p.Apply(t.Context(), nil, event)
	require.Nil(t, failure)
	require.Contains(t, string(row), `"total":3`)

	stream, problems := LoadStream(StreamConfig{
		Folder: script("def on_item_added(event, ctx):\n    return write('Cart', event.sku, total = ctx.replicated.visitors.value)\n"),
		File:   "p.star", Name: "p", Messages: records[:1], Events: records[1:], Codec: NewCodec(x.codec, records...), Replicated: heard(t),
	})
	require.Empty(t, problems)
	written, failure := stream.Write(t.Context(), event)
	require.Nil(t, failure)
	require.Contains(t, string(written[0].Payload.Data), `"total":5`)

	s, problems := LoadSubscription(SubscriptionConfig{
		Folder: script("def on_item_added(message, ctx):\n    return publish('carts', str(ctx.replicated.open.value), 'Cart')\n"),
		File:   "p.star", Name: "p", Messages: records[1:], Codec: NewCodec(x.codec, records...), Replicated: heard(t),
		Outlets: &Outlets{Publications: map[string][]*Message{"carts": records[:1]}},
	})
	require.Empty(t, problems)
	sent, failure := s.Handle(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "False", sent.Publications[0].Key)
}

func TestAFunctionSeesAReplicatedValueAtOneMoment(t *testing.T) {
	x := cartExample(t)
	records := x.records(t, "Cart", "ItemAdded")
	stream, problems := LoadStream(StreamConfig{
		Folder: fstest.MapFS{"s.star": {Data: []byte(`
def on_item_added(event, ctx):
    first = ctx.replicated.visitors.value
    return write('Cart', "%d %d" % (first, ctx.replicated.visitors.value))
`)}},
		File: "s.star", Name: "s", Messages: records[:1], Events: records[1:], Codec: NewCodec(x.codec, records...), Replicated: heard(t),
	})
	require.Empty(t, problems)
	event := &behaviors.Event{Type: "ItemAdded", Payload: x.payload(t, "ItemAdded", `{"sku":"pear","quantity":2}`)}
	for _, want := range []string{"5 5", "6 6"} {
		written, failure := stream.Write(t.Context(), event)
		require.Nil(t, failure)
		require.Equal(t, want, written[0].Key)
	}
}

func TestOnlyDecidingChangesReplicatedValues(t *testing.T) {
	x := cartExample(t)
	records := x.records(t, "Cart", "ItemAdded")
	p, problems := LoadProjection(ProjectionConfig{
		Folder: fstest.MapFS{"p.star": {Data: []byte("def on_item_added(row, event, ctx):\n    increment('visitors', 1)\n")}},
		File:   "p.star", Name: "p", Row: records[0], Events: records[1:], Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(), Replicated: heard(t),
	})
	require.Empty(t, problems)
	_, failure := p.Apply(t.Context(), nil, &behaviors.Event{Type: "ItemAdded", Payload: x.payload(t, "ItemAdded", `{"sku":"pear","quantity":2}`)})
	require.NotNil(t, failure)
	require.Contains(t, failure.Message, "p.star:2:14: in on_item_added: increment: only decide_ functions change replicated values")
}

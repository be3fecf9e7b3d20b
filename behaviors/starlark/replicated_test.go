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

// loadChanging loads an entity whose decide function has the body.
func loadChanging(tb testing.TB, body string) []Problem {
	tb.Helper()
	x := cartExample(tb)
	records := x.records(tb, "Cart", "AddItem", "ItemAdded")
	_, problems := LoadEntity(EntityConfig{
		Folder: fstest.MapFS{"cart.star": {Data: []byte("def decide_add_item(cart, cmd, ctx):\n    return " + body + "\n" + evolves)}},
		File:   "cart.star", Name: "cart", State: records[0], Commands: records[1:2], Events: records[2:], Codec: NewCodec(x.codec, records...),
		Replicated: heard(tb),
	})
	return problems
}

func TestChangesThatCannotSucceedAreFoundBeforeAnythingRuns(t *testing.T) {
	for body, want := range map[string]string{
		`increment("visitor", 1)`:                   `12: increment: there is no replicated value "visitor" (did you mean visitors?)`,
		`increment("xyz", 1)`:                       `12: increment: there is no replicated value "xyz" (there are open, stock-left, visitors)`,
		`[increment("stock_left", 1, at = "pear")]`: `13: increment: there is no replicated value "stock_left" (did you mean stock-left?)`,
		`increment(7)`:                              `12: increment: there is no replicated value 7 (there are`,
		`increment()`:                               `12: increment: want increment("visitors", 1), and at = "key" for what is in a map`,
		`increment("visitors", 1, 2)`:               `12: increment: want increment("visitors", 1)`,
		`increment("visitors", by = 2)`:             `12: increment: want increment("visitors", 1)`,
		`increment("visitors", -1)`:                 `12: increment: want a whole number from 0 that fits into 64 bits, got -1`,
		`increment("visitors", "one")`:              `12: increment: want a whole number from 0 that fits into 64 bits, got "one"`,
		`add("visitors", cmd.sku)`:                  `12: add: replicated value visitors: add: a counter takes increment`,
		`enable("stock-left", at = "pear")`:         `12: enable: replicated value stock-left: enable at "pear": a counter takes increment`,
		`increment("stock-left", 1)`:                `12: increment: replicated value stock-left: increment: a map of counter takes delete, clear; name a key to reach the counter under it`,
		`increment("visitors", 1, at = cmd.sku)`:    `12: increment: replicated value visitors: increment at "…": a counter has no keys: give none`,
		`increment("stock-left", at = ["a", "b"])`:  `12: increment: replicated value stock-left: increment at "…", "…": a counter has no keys: give no more than 1`,
		`increment("stock-left", at = 7)`:           `12: increment: replicated value stock-left: at: want a key or a list of at most 8, got int`,
		`delete_key("stock-left", 7)`:               `12: delete_key: the key is a string, got int`,
		`reply(ctx.replicated.visitor.value)`:       `33: ctx.replicated: there is no replicated value visitor (did you mean visitors?)`,
		`reply(ctx.replicated.stock.value)`:         `33: ctx.replicated: there is no replicated value stock (did you mean stock_left?)`,
		`reply(ctx.replicated.visitors.valeu)`:      `42: ctx.replicated: a counter has no valeu (did you mean value?)`,
		`reply(ctx.replicated.visitors.at("x"))`:    `42: ctx.replicated: a counter has no at (there are value)`,
	} {
		problems := loadChanging(t, body)
		require.Len(t, problems, 1, body)
		require.Contains(t, problems[0].String(), "cart.star:2:"+want, body)
	}
}

func TestChangesThatMaySucceedAreLeftAlone(t *testing.T) {
	for _, body := range []string{
		`[increment("visitors"), decrement("visitors", cmd.quantity), enable("open"), increment("stock-left", 5, at = cmd.sku)]`,
		`[clear("stock-left"), delete_key("stock-left", cmd.sku), increment("stock-left", at = [cmd.sku]), increment(cmd.sku, 1)]`,
		`[increment("visitors", at = None), clear("stock-left", at = cmd.sku), delete_key("stock-left", "pear", at = [])]`,
		`[increment(*cmd.sku), increment("visitors", **{"at": 1})]`,
		`[add("new", "x") for add in [max]]`, // Its own add.
		`reply([ctx.replicated.stock_left.at("x").value, ctx.replicated.stock_left.value, ctx.replicated.open.value])`,
	} {
		require.Empty(t, loadChanging(t, body), body)
	}
}

func TestWithoutReplicatedValuesNoneIsReadOrChanged(t *testing.T) {
	x := cartExample(t)
	records := x.records(t, "Cart", "ItemAdded")
	for script, want := range map[string]string{
		"row.total = ctx.replicated.visitors.value": "p.star:2:21: ctx.replicated: context.yaml declares no values under replicated",
		"increment('visitors')":                     `p.star:2:5: increment: there is no replicated value "visitors": context.yaml declares none under replicated`,
	} {
		_, problems := LoadProjection(ProjectionConfig{
			Folder: fstest.MapFS{"p.star": {Data: []byte("def on_item_added(row, event, ctx):\n    " + script + "\n")}},
			File:   "p.star", Name: "p", Row: records[0], Events: records[1:], Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(),
		})
		require.Len(t, problems, 1, script)
		require.Equal(t, want, problems[0].String(), script)
	}
}

package starlark

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// loadStream loads a stream of ItemAdded, of the cart's own records, that writes Cart.
func loadStream(tb testing.TB, x example, script string) (*Stream, []Problem) {
	tb.Helper()
	records := x.records(tb, "Cart", "ItemAdded")
	return LoadStream(StreamConfig{
		Folder: fstest.MapFS{"s.star": {Data: []byte(script)}}, File: "s.star", Name: "s",
		Messages: records[:1], Events: records[1:], Codec: NewCodec(x.codec, records...),
	})
}

// write gives an event to a stream and shows what it writes: key and total.
func (x example) write(tb testing.TB, script, event string) ([]string, *entities.Failure) {
	tb.Helper()
	s, problems := loadStream(tb, x, script)
	require.Empty(tb, problems)
	messages, failure := s.Write(tb.Context(), &behaviors.Event{
		Entity: "cart", EntityID: "c1", Type: "ItemAdded", NowMS: 1795617000000, Payload: x.payload(tb, "ItemAdded", event),
	})
	var shown []string
	for _, m := range messages {
		require.Equal(tb, "Cart", m.Type)
		var cart struct{ Total int }
		require.NoError(tb, json.Unmarshal(m.Payload.Data, &cart))
		shown = append(shown, fmt.Sprintf("%s %d", m.Key, cart.Total))
	}
	return shown, failure
}

func TestAStreamWritesNoneOneOrSeveral(t *testing.T) {
	x := cartExample(t)
	for script, want := range map[string][]string{
		"pass":      nil,
		"return []": nil,
		"return write('Cart', event.sku, total = 3)":                                    {"a 3"},
		"return [write('Cart', event.quantity), write('Cart', ctx.entity_id)]":          {"2 0", "c1 0"},
		"return [write('Cart', by_time('hour', ctx.now), total = i) for i in range(2)]": {"2026-11-25T14 0", "2026-11-25T14 1"},
	} {
		got, failure := x.write(t, "def on_item_added(event, ctx):\n    "+script+"\n", `{"sku":"a","quantity":2}`)
		require.Nil(t, failure, script)
		require.Equal(t, want, got, script)
	}
}

func TestAStreamThatFailsNamesThePlace(t *testing.T) {
	x := cartExample(t)
	for script, want := range map[string]struct {
		code entities.FailureCode
		says string
	}{
		"return write('Cart', None)":          {entities.NoKey, "s.star:1:1: in on_item_added: write(\"Cart\", …): the key is None"},
		"return write('Cart', [])":            {entities.BehaviorError, "the key is list: want a string or an int"},
		"return write('Crat', 'k')":           {entities.BehaviorError, "projection s has no message \"Crat\" (did you mean Cart?)"},
		"return write('Cart')":                {entities.BehaviorError, "want the record's name, the key, and the fields by name"},
		"return write('Cart', 'k', totl = 1)": {entities.BehaviorError, "did you mean total?"},
		"return 'k'":                          {entities.BehaviorError, "returned string: want None, a message like write(…), or a list of messages"},
		"return [1]":                          {entities.BehaviorError, "returned a list with int in it: want messages only"},
		"return emit('ItemAdded')":            {entities.BehaviorError, "only decide_ functions emit events"},
		"event.sku = 'b'":                     {entities.BehaviorError, "read-only"},
		"for i in range(10000000): pass":      {entities.StepLimit, ""},
	} {
		_, failure := x.write(t, "def on_item_added(event, ctx):\n    "+script+"\n", `{"sku":"a","quantity":2}`)
		require.NotNil(t, failure, script)
		require.Equal(t, want.code, failure.Code, failure.Message)
		require.Contains(t, failure.Message, want.says)
	}
}

func TestOnlyStreamsWrite(t *testing.T) {
	x := cartExample(t)
	p, problems := loadProjection(t, x, "def on_item_added(row, event, ctx):\n    write('Cart', 'k')\n", "")
	require.Empty(t, problems)
	_, failure := p.Apply(t.Context(), nil, &behaviors.Event{Type: "ItemAdded", Payload: x.payload(t, "ItemAdded", `{"sku":"a","quantity":1}`)})
	require.Contains(t, failure.Message, "only on_ functions of a projection of type stream write messages")
}

func TestStreamMistakes(t *testing.T) {
	x := cartExample(t)
	for script, want := range map[string]string{
		"x = 1\n": "no on_<event>(event, ctx) function",
		"def on_item_aded(event, ctx):\n    pass\n":                                                         "did you mean on_item_added?",
		"def on_item_added(row, event, ctx):\n    pass\n":                                                   "takes 3 parameters: want on_item_added(event, ctx)",
		"def on_item_added(event, ctx):\n    pass\ndef key_item_added(event, ctx):\n    return event.sku\n": "key_item_added: a stream has no rows: its on_ functions give the key to write(…)",
	} {
		_, problems := loadStream(t, x, script)
		require.NotEmpty(t, problems, script)
		require.Contains(t, problems[0].Message, want)
	}
}

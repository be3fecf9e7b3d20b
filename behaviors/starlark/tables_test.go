package starlark

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// fixedRows is a table that changes each time it is looked at: the row z comes with the second look.
type fixedRows struct {
	rows  map[string][]byte
	looks int
}

func (f *fixedRows) Now() behaviors.Rows {
	now := maps.Clone(f.rows)
	if f.looks++; f.looks > 1 {
		now["z"] = f.rows["a"]
	}
	return mapRows(now)
}

type mapRows map[string][]byte

func (m mapRows) Get(key string) ([]byte, bool) { row, there := m[key]; return row, there }
func (m mapRows) Len() int                      { return len(m) }
func (m mapRows) Keys(yield func(string) bool) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !yield(key) {
			return
		}
	}
}

// withLines is the cart's codec with a table of rows {sku, quantity}.
func withLines(tb testing.TB, rows map[string]int64) (example, []Table) {
	tb.Helper()
	x := cartExample(tb)
	line := x.records(tb, "ItemAdded")[0]
	table := &fixedRows{rows: map[string][]byte{}}
	for key, quantity := range rows {
		data, err := x.codec.AppendBinary(nil, line, []any{key, quantity})
		require.NoError(tb, err)
		table.rows[key] = data
	}
	return x, []Table{{Name: "usual-lines", Row: line, Rows: table, Decode: func(data []byte) ([]any, error) {
		value, err := x.codec.DecodeBinary(line, line.Fingerprint, data)
		if err != nil {
			return nil, err
		}
		return value.([]any), nil
	}}}
}

// replies decides a command with a body that replies.
func replies(tb testing.TB, tables []Table, body string) (string, *entities.Failure) {
	tb.Helper()
	x := cartExample(tb)
	records := x.records(tb, "Cart", "AddItem", "ItemAdded")
	e, problems := LoadEntity(EntityConfig{
		Folder: fstest.MapFS{"cart.star": {Data: []byte("def decide_add_item(cart, cmd, ctx):\n    usual = ctx.tables.usual_lines\n    " + body + "\n" + evolves)}},
		File:   "cart.star", Name: "cart", State: records[0], Commands: records[1:2], Events: records[2:], Codec: NewCodec(x.codec, records...), Tables: tables,
	})
	require.Empty(tb, problems)
	turn := decideOn(tb, e)
	return string(turn.Decision.Reply), turn.Failure
}

func TestATableIsReadAsADict(t *testing.T) {
	for body, want := range map[string]string{
		"return reply(usual['a'].quantity)":                                          "3",
		"return reply([usual.get('a').sku, usual.get('b'), usual.get('b', 7)])":      `["a",null,7]`,
		"return reply(['a' in usual, 'b' in usual, 'b' not in usual, 7 in usual])":   "[true,false,true,false]",
		"return reply([len(usual), bool(usual), type(usual), str(usual)])":           `[2,true,"table","table usual-lines of 2 rows"]`,
		"return reply([key for key in usual])":                                       `["a","c"]`,
		"return reply(sorted(usual, reverse = True))":                                `["c","a"]`,
		"return reply({k: v.quantity for k, v in dict(usual).items()})":              `{"a":3,"c":5}`,
		"return reply([type(usual['a']), usual['a'] == usual.get('a')])":             `["ItemAdded",true]`,
		"return reply([len(ctx.tables.usual_lines), 'z' in ctx.tables.usual_lines])": "[2,false]", // One moment for the whole function.
	} {
		_, tables := withLines(t, map[string]int64{"a": 3, "c": 5})
		got, failure := replies(t, tables, body)
		require.Nil(t, failure, body)
		require.JSONEq(t, want, got, body)
	}
}

func TestWhatATableDoesNotHaveIsAFailureWithThePlace(t *testing.T) {
	for body, want := range map[string]string{
		"return reply(usual['b'])":               `key "b" not in table`,
		"return reply(usual[7])":                 "table usual-lines: want a string as key, got int",
		"return reply(usual.keys())":             "a table has no method keys: read it as table[key]",
		"usual['a'] = 1":                         "",
		"usual['a'].quantity = 4":                "this record is read-only",
		"return reply(getattr(ctx.tables, 'x'))": "there is no table x (there are usual_lines)",
	} {
		_, tables := withLines(t, map[string]int64{"a": 3})
		_, failure := replies(t, tables, body)
		require.NotNil(t, failure, body)
		require.Equal(t, entities.BehaviorError, failure.Code, body)
		require.Contains(t, failure.Message, want, body)
		require.Contains(t, failure.Message, "cart.star:3:", body)
	}
}

// What a function reads of tables counts as memory that it asks for.
func TestReadingTablesIsBounded(t *testing.T) {
	rows := map[string]int64{strings.Repeat("x", 1<<19): 1}
	for i := range 200 {
		rows[fmt.Sprint(i)] = 1
	}
	for _, body := range []string{
		"for i in range(1000):\n        usual['x' * (1 << 19)]",
		"for i in range(1000):\n        'x' * (1 << 19) in usual",
		"for i in range(10000):\n        list(usual)",
		"for i in range(10000):\n        dict(usual)",
	} {
		_, tables := withLines(t, rows)
		_, failure := replies(t, tables, body)
		require.NotNil(t, failure, body)
		require.Equal(t, entities.SizeLimit, failure.Code, body)
	}
}

func TestATableThatTheContextLacksIsFoundBeforeAnythingRuns(t *testing.T) {
	x, tables := withLines(t, nil)
	records := x.records(t, "Cart", "AddItem", "ItemAdded")
	for script, want := range map[string]string{
		"ctx.tables.usual_line['a']": "cart.star:2:16: ctx.tables: there is no table usual_line (did you mean usual_lines?)",
		"ctx.tables.prices['a']":     "cart.star:2:16: ctx.tables: there is no table prices (there are usual_lines)",
	} {
		_, problems := LoadEntity(EntityConfig{
			Folder: fstest.MapFS{"cart.star": {Data: []byte("def decide_add_item(cart, cmd, ctx):\n    " + script + "\n" + evolves)}},
			File:   "cart.star", Name: "cart", State: records[0], Commands: records[1:2], Events: records[2:], Codec: NewCodec(x.codec, records...), Tables: tables,
		})
		require.Len(t, problems, 1)
		require.Equal(t, want, problems[0].String())
	}
}

// Every function that has ctx reads tables: those of projections, their keys, streams and subscriptions, too.
func TestAllFunctionsThatHaveAContextReadTables(t *testing.T) {
	x, tables := withLines(t, map[string]int64{"a": 3})
	records := x.records(t, "Cart", "ItemAdded")
	event := &behaviors.Event{Type: "ItemAdded", Payload: x.payload(t, "ItemAdded", `{"sku":"a","quantity":2}`)}
	p, problems := LoadProjection(ProjectionConfig{
		Folder: fstest.MapFS{"p.star": {Data: []byte(`
def key_item_added(event, ctx):
    return ctx.tables.usual_lines[event.sku].quantity
def on_item_added(row, event, ctx):
    row.total = ctx.tables.usual_lines[event.sku].quantity
`)}},
		File: "p.star", Name: "p", Events: records[1:], Row: records[0], Codec: NewCodec(x.codec, records...), RowContentType: x.codec.ContentType(), Tables: tables,
	})
	require.Empty(t, problems)
	key, failure := p.Key(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "3", key)
	row, failure := p.Apply(t.Context(), nil, event)
	require.Nil(t, failure)
	require.Contains(t, string(row), `"total":3`)

	stream, problems := LoadStream(StreamConfig{
		Folder: fstest.MapFS{"s.star": {Data: []byte("def on_item_added(event, ctx):\n    return write('Cart', event.sku, total = len(ctx.tables.usual_lines))\n")}},
		File:   "s.star", Name: "s", Messages: records[:1], Events: records[1:], Codec: NewCodec(x.codec, records...), Tables: tables,
	})
	require.Empty(t, problems)
	written, failure := stream.Write(t.Context(), event)
	require.Nil(t, failure)
	require.Contains(t, string(written[0].Payload.Data), `"total":2`)

	s, problems := LoadSubscription(SubscriptionConfig{
		Folder: fstest.MapFS{"s.star": {Data: []byte("def on_item_added(message, ctx):\n    return publish('carts', ctx.tables.usual_lines['z'].sku, 'Cart')\n")}},
		File:   "s.star", Name: "s", Messages: records[1:], Codec: NewCodec(x.codec, records...), Tables: tables,
		Outlets: &Outlets{Publications: map[string][]*Message{"carts": records[:1]}},
	})
	require.Empty(t, problems)
	sent, failure := s.Handle(t.Context(), event)
	require.Nil(t, failure)
	require.Equal(t, "a", sent.Publications[0].Key)
}

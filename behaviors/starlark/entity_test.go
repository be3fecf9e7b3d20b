package starlark

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

var (
	text  = &schemas.Type{Kind: schemas.String}
	long  = &schemas.Type{Kind: schemas.Long}
	lines = &schemas.Type{Kind: schemas.Map, Elem: long}
)

func record(name string, fields ...schemas.Field) *Message {
	return &Message{Name: name, Type: &schemas.Type{Kind: schemas.Record, Name: "shop." + name, Fields: fields}}
}

var (
	cart    = record("Cart", schemas.Field{Name: "lines", Type: lines, HasDefault: true, Default: map[string]any{}}, schemas.Field{Name: "total", Type: long, HasDefault: true, Default: int64(0)})
	addItem = record("AddItem", schemas.Field{Name: "sku", Type: text}, schemas.Field{Name: "quantity", Type: long})
	added   = record("ItemAdded", addItem.Type.Fields...)
)

// jsonCodec carries flat records of strings, longs and maps of longs as JSON.
type jsonCodec struct{}

func (jsonCodec) Decode(name string, p entities.Payload) (string, []any, *entities.Failure) {
	m := map[string]*Message{"AddItem": addItem, "ItemAdded": added, "Cart": cart}[name]
	value, err := jsonCodec{}.DecodeState(m, 0, p.Data)
	if err != nil {
		return "", nil, &entities.Failure{Code: entities.Malformed, Message: err.Error()}
	}
	return name, value, nil
}

func (jsonCodec) Encode(m *Message, v []any) (entities.Payload, error) {
	data, err := jsonCodec{}.JSON(m, v)
	return entities.Payload{Data: data}, err
}

func (jsonCodec) EncodeState(m *Message, v []any) ([]byte, uint64, error) {
	data, err := jsonCodec{}.JSON(m, v)
	return data, 1, err
}

func (jsonCodec) DecodeState(m *Message, _ uint64, data []byte) ([]any, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	out := make([]any, len(m.Type.Fields))
	for i, f := range m.Type.Fields {
		switch f.Type.Kind {
		case schemas.Long:
			var n int64
			_ = json.Unmarshal(raw[f.Name], &n)
			out[i] = n
		case schemas.String:
			var s string
			_ = json.Unmarshal(raw[f.Name], &s)
			out[i] = s
		default:
			var counts map[string]int64
			_ = json.Unmarshal(raw[f.Name], &counts)
			plain := map[string]any{}
			for k, n := range counts {
				plain[k] = n
			}
			out[i] = plain
		}
	}
	return out, nil
}

func (jsonCodec) JSON(m *Message, v []any) ([]byte, error) {
	out := map[string]any{}
	for i, f := range m.Type.Fields {
		out[f.Name] = v[i]
	}
	return json.Marshal(out)
}

const evolves = `
def evolve_item_added(cart, event):
    cart.lines[event.sku] = cart.lines.get(event.sku, 0) + event.quantity
    cart.total += event.quantity
`

func load(script string) (behaviors.Entity, []Problem) {
	return LoadEntity(EntityConfig{Folder: fstest.MapFS{"cart.star": {Data: []byte(script)}}, File: "cart.star", Name: "cart",
		State: cart, Commands: []*Message{addItem}, Events: []*Message{added}, Codec: jsonCodec{}})
}

func decide(t testing.TB, body string) (behaviors.Entity, behaviors.Turn) {
	e, problems := load("def decide_add_item(cart, cmd, ctx):\n    " + body + "\n" + evolves)
	require.Empty(t, problems)
	turn := behaviors.Turn{State: e.InitialState(), Command: &entities.Command{EntityID: "c1", Type: "AddItem",
		Payload: entities.Payload{Data: []byte(`{"sku":"apple","quantity":2}`)}}}
	turns := []behaviors.Turn{turn}
	e.Decide(t.Context(), turns)
	return e, turns[0]
}

func TestEventIsDecidedAndStateEvolves(t *testing.T) {
	e, turn := decide(t, `return [emit("ItemAdded", sku = cmd.sku, quantity = cmd.quantity), reply({"n": 1})]`)
	require.Nil(t, turn.Failure)
	require.JSONEq(t, `{"lines":{"apple":2},"total":2}`, string(turn.Decision.StateData))
	require.JSONEq(t, `{"n":1}`, string(turn.Decision.Reply))
	before, err := e.StateJSON(turn.State)
	require.NoError(t, err)
	require.JSONEq(t, `{"lines":{},"total":0}`, string(before))
}

func TestFailuresNameThePlaceAndTheMend(t *testing.T) {
	for body, want := range map[string]string{
		`cart.total = 1`:          "cart.star:2:9: in decide_add_item: ",
		`cart.lines["x"] = 1`:     "cart.star:2:15: in decide_add_item: ",
		`return cmd.sky`:          "did you mean sku?",
		`return emit("ItmAdded")`: "did you mean ItemAdded?",
		`return emit("ItemAdded", sku = 1, quantity = 1)`: "ItemAdded.sku: want a string, got int",
		`return emit("ItemAdded", sku = "a")`:             "needs field quantity",
		`return delete()`:                                 "without emit",
		`return send("x")`:                                "not in this version",
		`return 1 + "a"`:                                  "unknown binary op",
	} {
		_, turn := decide(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Equal(t, entities.BehaviorError, turn.Failure.Code, body)
		require.Contains(t, turn.Failure.Message, want, body)
		require.True(t, turn.StateIsKept)
	}
}

func TestGreedyScriptsEndAtALimit(t *testing.T) {
	for _, body := range []string{
		`return 'a' * 1000000000`, `return [0] * 1000000000`, `return 1 << 400 << 400 << 1000000000`,
		"s = 'a'\n    for i in range(60):\n        s = s + s", "s = 'a'\n    for i in range(60):\n        s += s",
		"l = [1]\n    for i in range(60):\n        l += l", "l = [1]\n    for i in range(60):\n        l.extend(l)",
		"l = [1]\n    for i in range(60):\n        l = l + l", "x = 3\n    for i in range(60):\n        x = x * x",
		"x = 3\n    for i in range(60):\n        x *= x", "s = 'a'\n    for i in range(60):\n        s = '%s%s' % (s, s)",
		"s = 'a'\n    for i in range(60):\n        s = ','.join([s, s])", "s = 'a'\n    for i in range(60):\n        s = '{0}{0}'.format(s)",
		"s = 'ab'\n    for i in range(60):\n        s = s.replace('a', s)", `return list(range(1000000000))`, `return max(range(1000000000))`,
		"d = {}\n    for i in range(100000000):\n        d[i] = i", "l = [1]\n    for i in range(60):\n        l = [l, l]\n    return str(l)",
		"d = {'s': 'a'}\n    for i in range(60):\n        d['s'] *= 2", "l = [0]\n    for i in range(60):\n        l = l[:] + l[:]",
	} {
		_, turn := decide(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Contains(t, []entities.FailureCode{entities.SizeLimit, entities.StepLimit}, turn.Failure.Code, "%s: %s", body, turn.Failure.Message)
	}
}

func TestMissingAndMisnamedFunctionsAreAllTold(t *testing.T) {
	_, problems := load("def decide_add_itm(cart, cmd, ctx):\n    pass\ndef evolve_item_added(cart):\n    pass\n")
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	told := strings.Join(all, "\n")
	require.Contains(t, told, "needs a function decide_add_item(")
	require.Contains(t, told, "cart.star:1:1: entity cart: function decide_add_itm")
	require.Contains(t, told, "takes 1 parameters")
}

func TestNamesBecomeSnakeCase(t *testing.T) {
	for name, want := range map[string]string{"AddItem": "add_item", "HTTPRequest": "http_request", "OrderV2": "order_v2", "shop.CheckedOut": "checked_out", "V2Order": "v2_order"} {
		require.Equal(t, want, snake(name))
	}
}

func BenchmarkDecide(b *testing.B) {
	e, first := decide(b, `return emit("ItemAdded", sku = cmd.sku, quantity = cmd.quantity)`)
	turns := []behaviors.Turn{{Command: first.Command, State: e.InitialState()}}
	for b.Loop() {
		e.Decide(b.Context(), turns)
	}
}

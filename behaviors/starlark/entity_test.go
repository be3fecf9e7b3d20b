package starlark

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

const cartSchemas = `[
 {"type":"record","name":"Cart","namespace":"shop","fields":[{"name":"lines","type":{"type":"map","values":"long"},"default":{}},
  {"name":"total","type":"long","default":0},{"name":"tags","type":{"type":"array","items":"string"},"default":[]},
  {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2},"default":"\u0000"},
  {"name":"what","type":["null",{"type":"record","name":"Book","fields":[{"name":"title","type":"string"}]},
    {"type":"record","name":"Film","fields":[{"name":"title","type":"string"},{"name":"minutes","type":"int","default":0}]}],"default":null}]},
 {"type":"record","name":"AddItem","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"long"}]},
 {"type":"record","name":"ItemAdded","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"long"}]}
]`

func cartExample(tb testing.TB) example {
	tb.Helper()
	set, err := schemas.Parse(cartSchemas)
	require.NoError(tb, err)
	codec, err := schemas.NewCodec(set, schemas.Options{Encoding: schemas.JSONEncoding})
	require.NoError(tb, err)
	return example{set: set, codec: codec}
}

const evolves = `
def evolve_item_added(cart, event):
    cart.lines[event.sku] = cart.lines.get(event.sku, 0) + event.quantity
    cart.total += event.quantity
`

func loadFiles(tb testing.TB, files fstest.MapFS, printer func(file, text string)) (behaviors.Entity, []Problem) {
	tb.Helper()
	x := cartExample(tb)
	records := x.records(tb, "Cart", "AddItem", "ItemAdded")
	return LoadEntity(EntityConfig{
		Folder: files, File: "cart.star", Name: "cart", Print: printer,
		State: records[0], Commands: records[1:2], Events: records[2:], Codec: NewCodec(x.codec, records...),
	})
}

func load(tb testing.TB, script string) (behaviors.Entity, []Problem) {
	tb.Helper()
	return loadFiles(tb, fstest.MapFS{"cart.star": {Data: []byte(script)}}, nil)
}

func decideBody(tb testing.TB, body string) (behaviors.Entity, behaviors.Turn) {
	tb.Helper()
	return decideScript(tb, "def decide_add_item(cart, cmd, ctx):\n    "+body+"\n"+evolves)
}

// evolveBody decides an event and evolves by the body.
func evolveBody(tb testing.TB, body string) (behaviors.Entity, behaviors.Turn) {
	tb.Helper()
	return decideScript(tb, "def decide_add_item(cart, cmd, ctx):\n    return emit('ItemAdded', sku = cmd.sku, quantity = 1)\ndef evolve_item_added(cart, event):\n    "+body+"\n")
}

func decideScript(tb testing.TB, script string) (behaviors.Entity, behaviors.Turn) {
	tb.Helper()
	e, problems := load(tb, script)
	require.Empty(tb, problems)
	return e, decideOn(tb, e)
}

func decideOn(tb testing.TB, e behaviors.Entity) behaviors.Turn {
	tb.Helper()
	turn := behaviors.Turn{State: e.InitialState(), Command: &entities.Command{
		EntityID: "c1", Type: "AddItem",
		Payload: entities.Payload{Data: []byte(`{"sku":"apple","quantity":2}`)},
	}}
	turns := []behaviors.Turn{turn}
	e.Decide(tb.Context(), turns)
	return turns[0]
}

func TestEventIsDecidedAndStateEvolves(t *testing.T) {
	e, turn := decideBody(t, `return [emit("ItemAdded", sku = cmd.sku, quantity = cmd.quantity), reply({"n": 1})]`)
	require.Nil(t, turn.Failure)
	after, err := e.StateJSON(turn.Decision.State)
	require.NoError(t, err)
	require.JSONEq(t, `{"lines":{"apple":2},"total":2,"tags":[],"price":"0.00","what":null}`, string(after))
	require.JSONEq(t, `{"n":1}`, string(turn.Decision.Reply))
	before, err := e.StateJSON(turn.State)
	require.NoError(t, err)
	require.JSONEq(t, `{"lines":{},"total":0,"tags":[],"price":"0.00","what":null}`, string(before))
}

func TestFailuresNameThePlaceAndTheMend(t *testing.T) {
	for body, want := range map[string]string{
		`cart.total = 1`:          "cart.star:2:9: in decide_add_item: ",
		`cart.lines["x"] = 1`:     "cart.star:2:15: in decide_add_item: ",
		`return cmd.sky`:          "AddItem has no field sky (did you mean .sku?)",
		`return ctx.time`:         "ctx has no field time: it has ",
		`return emit("ItmAdded")`: "did you mean ItemAdded?",
		`return emit("ItemAdded", sku = 1, quantity = 1)`: "ItemAdded.sku: want a string, got int",
		`return emit("ItemAdded", sku = "a")`:             "needs field quantity",
		`return delete()`:                                 "without emit",
		`return send("x")`:                                "only decide_ functions and subscriptions send",
		`return schedule("x")`:                            "not in this version",
		`return 1 + "a"`:                                  "unknown binary op",
	} {
		_, turn := decideBody(t, body)
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
		"t = (1,)\n    for i in range(60):\n        t = (t, t)\n    return {t: 1}", "t = (1,)\n    for i in range(60):\n        t = (t, t)\n    return {}.get(t)",
		"l = [0] * 100\n    for i in range(9):\n        l = [l] * 100\n    return l == list(l)",
		"l = [0] * 100\n    for i in range(9):\n        l = [l] * 100\n    return [l[:], l[:]].index([l])",
		"s = 'a' * 20000000\n    for i in range(900000):\n        s == s + ''", "l = [1]\n    for i in range(60):\n        l = [l, l]\n    return reply(l)",
		"return reply('a' * 1000000)", "return [emit('ItemAdded', sku = 'a', quantity = 1)] * 100000",
		"l = list(range(100000))\n    for i in range(900000):\n        i in l",
	} {
		_, turn := decideBody(t, body)
		require.NotNil(t, turn.Failure, body)
		require.Contains(t, []entities.FailureCode{entities.SizeLimit, entities.StepLimit}, turn.Failure.Code, "%s: %s", body, turn.Failure.Message)
	}
}

func TestMissingAndMisnamedFunctionsAreAllTold(t *testing.T) {
	_, problems := load(t, "def decide_add_itm(cart, cmd, ctx):\n    pass\ndef evolve_item_added(cart):\n    pass\n")
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
	e, first := decideBody(b, `return emit("ItemAdded", sku = cmd.sku, quantity = cmd.quantity)`)
	turns := []behaviors.Turn{{Command: first.Command, State: e.InitialState()}}
	for b.Loop() {
		e.Decide(b.Context(), turns)
	}
}

// dir() sorts what it is given. The names of a ctx are those of all of its kind.
func TestLookingAtTheNamesOfCtxChangesNoOther(t *testing.T) {
	about := (&thread{}).context(commandNames, &aboutCommand{EntityID: "e1", ID: "cmd-7"}, nil, nil, Replicated{})
	_, err := about.Attr("entity_id")
	require.NoError(t, err)
	e, _ := load(t, "def decide_add_item(cart, cmd, ctx):\n    dir(ctx)\n"+evolves)
	decideOn(t, e)
	id, err := about.Attr("command_id")
	require.NoError(t, err)
	require.Equal(t, `"cmd-7"`, id.String())
	_, err = (&thread{}).context(commandNames, &aboutCommand{}, nil, nil, Replicated{}).Attr("tables")
	require.NoError(t, err)
}

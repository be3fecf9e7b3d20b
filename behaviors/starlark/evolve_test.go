package starlark

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// Whatever was decided, its events lead to the state that was stored: byte for byte, in either encoding.
func TestEventsAloneLeadToTheStateThatWasDecided(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		x := openExample(t, "shop", encoding)
		e := shopCart(t, x)
		rapid.Check(t, func(r *rapid.T) {
			decided, evolved := e.InitialState(), e.InitialState()
			for range rapid.IntRange(1, 12).Draw(r, "commands") {
				name := rapid.SampledFrom([]string{"AddItem", "AddItem", "RemoveItem", "CheckOut"}).Draw(r, "command")
				fields := map[string]string{
					"AddItem":    `{"sku":"` + rapid.SampledFrom([]string{"apple", "pear", "fig"}).Draw(r, "sku") + `","quantity":2,"price_cents":30,"customer_id":"alice"}`,
					"RemoveItem": `{"sku":"apple","quantity":1,"price_cents":30}`, "CheckOut": `{}`,
				}[name]
				turns := []behaviors.Turn{{State: decided, Command: &entities.Command{EntityID: "c1", Type: name, Payload: x.payload(t, name, fields)}}}
				e.Decide(t.Context(), turns)
				d := turns[0].Decision
				require.Nil(r, turns[0].Failure)
				if len(d.Events) == 0 {
					continue
				}
				decided = d.State
				for i, event := range d.Events {
					var failure *entities.Failure
					evolved, failure = e.Evolve(t.Context(), evolved, &behaviors.Event{EntityID: "c1", Sequence: int64(i), Type: event.Type, Payload: event.Payload})
					require.Nil(r, failure)
				}
				data, fingerprint, err := e.EncodeState(evolved)
				require.NoError(r, err)
				require.Equal(r, d.StateData, data)
				require.Equal(r, d.StateFingerprint, fingerprint)
			}
		})
	}
}

func itemAdded(data string) *behaviors.Event {
	return &behaviors.Event{Entity: "cart", EntityID: "c1", Sequence: 1, Type: "ItemAdded", Payload: entities.Payload{Data: []byte(data), ContentType: "application/json"}}
}

func TestAnEventThatCannotBeEvolvedSaysWhy(t *testing.T) {
	script := "def decide_add_item(cart, cmd, ctx):\n    pass\ndef evolve_item_added(cart, event):\n    "
	good := `{"sku":"apple","quantity":2}`
	for name, c := range map[string]struct {
		body string
		data string
		typ  string
		code entities.FailureCode
		want string
	}{
		"fails":        {"fail('no')", good, "", entities.BehaviorError, "cart.star:4:9: in evolve_item_added: fail: no"},
		"returns":      {"return 1", good, "", entities.BehaviorError, "evolve changes the state in place and returns nothing"},
		"wrong type":   {"cart.total = 'x'", good, "", entities.BehaviorError, "cart.star:4:"},
		"endless":      {"for i in range(1000000000):\n        pass", good, "", entities.StepLimit, "evolve_item_added"},
		"malformed":    {"pass", `{"sku":`, "", entities.Malformed, ""},
		"wrong fields": {"pass", `{"sku":"apple","quantity":2,"size":1}`, "", entities.Malformed, "size"},
		"unknown":      {"pass", good, "ItemAded", entities.UnknownType, "entity cart has no event \"ItemAded\" (did you mean ItemAdded?)"},
	} {
		t.Run(name, func(t *testing.T) {
			e, problems := load(t, script+c.body+"\n")
			require.Empty(t, problems)
			event := itemAdded(c.data)
			if c.typ != "" {
				event.Type = c.typ
			}
			state := e.InitialState()
			next, failure := e.Evolve(t.Context(), state, event)
			require.Nil(t, next)
			require.NotNil(t, failure)
			require.Equal(t, c.code, failure.Code, failure.Message)
			require.Contains(t, failure.Message, c.want)
			shown, err := e.StateJSON(state)
			require.NoError(t, err)
			require.JSONEq(t, `{"lines":{},"total":0,"tags":[],"price":"0.00","what":null}`, string(shown))
		})
	}
}

func TestAnEventOfAnOlderSchemaEvolvesTheState(t *testing.T) {
	older, err := schemas.Parse(`{"type":"record","name":"ItemAdded","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"note","type":"string"}]}`)
	require.NoError(t, err)
	today, err := schemas.Parse(`[
 {"type":"record","name":"Cart","namespace":"shop","fields":[{"name":"total","type":"long","default":0}]},
 {"type":"record","name":"AddItem","namespace":"shop","fields":[]},
 {"type":"record","name":"ItemAdded","namespace":"shop","fields":[{"name":"sku","type":"string"},{"name":"quantity","type":"long","default":5}]}]`)
	require.NoError(t, err)
	history := schemas.NewHistory()
	old := older.Messages()[0]
	history.Add(old.Fingerprint, old.SchemaJSON)
	codec, err := schemas.NewCodec(today, schemas.Options{History: history})
	require.NoError(t, err)
	writer, err := schemas.NewCodec(older, schemas.Options{})
	require.NoError(t, err)
	written, err := writer.Encode(nil, old, []any{"apple", "ripe"})
	require.NoError(t, err)
	records := example{set: today, codec: codec}.records(t, "Cart", "AddItem", "ItemAdded")
	e, problems := LoadEntity(EntityConfig{
		Folder: fstest.MapFS{"cart.star": {Data: []byte("def decide_add_item(cart, cmd, ctx):\n    pass\ndef evolve_item_added(cart, event):\n    cart.total += event.quantity\n")}},
		File:   "cart.star", Name: "cart", State: records[0], Commands: records[1:2], Events: records[2:], Codec: NewCodec(codec, records...),
	})
	require.Empty(t, problems)
	next, failure := e.Evolve(t.Context(), e.InitialState(), &behaviors.Event{Type: "ItemAdded", Payload: entities.Payload{Data: written, ContentType: schemas.AvroContentType}})
	require.Nil(t, failure)
	shown, err := e.StateJSON(next)
	require.NoError(t, err)
	require.JSONEq(t, `{"total":5}`, string(shown))
}

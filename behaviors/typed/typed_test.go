package typed_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

type line struct {
	Sku      string `avro:"sku"`
	Quantity int32  `avro:"quantity"`
}

type Cart struct {
	Customer string            `avro:"customer"`
	Lines    []line            `avro:"lines"`
	Notes    map[string]string `avro:"notes"`
	Closed   bool              `avro:"closed"`
}

type AddItem struct {
	Line line   `avro:"line"`
	Note string `avro:"note,default="`
}

type Close struct{}

type Misbehave struct {
	How string `avro:"how"`
}

type ItemAdded struct {
	Line line `avro:"line"`
}

type Closed struct {
	Customer string `avro:"customer"`
}

type Forgotten struct{}

func (c Cart) addItem(cmd AddItem, ctx typed.Context) typed.Effects {
	if c.Closed {
		return typed.Reject("cart-closed", "the cart is closed")
	}
	if cmd.Line.Quantity == 0 {
		return typed.Effects{}
	}
	added := typed.Emit(ItemAdded{Line: cmd.Line})
	if cmd.Note == "twice" {
		return added.And(typed.Emit(&ItemAdded{Line: cmd.Line})).And(typed.Reply(map[string]any{"id": ctx.EntityID, "at": ctx.NowMS}))
	}
	return added
}

func (c Cart) close(_ Close, _ typed.Context) typed.Effects {
	return typed.Emit(Closed{Customer: c.Customer}).And(typed.Delete())
}

func (c Cart) misbehave(cmd Misbehave, _ typed.Context) typed.Effects {
	switch cmd.How {
	case "nil map":
		c.Notes["x"] = "y"
	case "forgotten event":
		return typed.Emit(ItemAdded{}).And(typed.Emit(Forgotten{}))
	case "reject and emit":
		return typed.Emit(ItemAdded{}).And(typed.Reject("no", "no"))
	case "two replies":
		return typed.Reply(1).And(typed.Reply(2))
	case "delete alone":
		return typed.Delete()
	case "reply of a function":
		return typed.Reply(func() {})
	case "no UTF-8":
		return typed.Emit(ItemAdded{Line: line{Sku: "\xff"}})
	case "panic in apply":
		return typed.Emit(ItemAdded{Line: line{Sku: "boom"}})
	}
	return typed.Effects{}
}

func (c *Cart) itemAdded(e ItemAdded) {
	if e.Line.Sku == "boom" {
		panic("the shelf broke")
	}
	c.Lines = append(c.Lines, e.Line)
}

func (c *Cart) closed(_ Closed) { c.Closed = true }

func cart() *typed.Entity[Cart] {
	return typed.NewEntity("cart",
		typed.On(Cart.addItem), typed.On(Cart.close), typed.On(Cart.misbehave),
		typed.Apply((*Cart).itemAdded), typed.Apply((*Cart).closed),
		typed.Initial(func() Cart { return Cart{Customer: "nobody"} }),
	)
}

func bind(t *testing.T, config typed.Config, parts ...typed.Part) *typed.Model {
	t.Helper()
	m, err := typed.Bind(t.Context(), config, parts...)
	require.NoError(t, err)
	return m
}

func singleObject(t *testing.T, value any, schema *avro.Schema) []byte {
	t.Helper()
	data, err := schema.AppendSingleObject(nil, value)
	require.NoError(t, err)
	return data
}

func turnOf(b behaviors.Entity, typ string, data []byte) behaviors.Turn {
	return behaviors.Turn{
		Command: &entities.Command{EntityID: "c1", Type: typ, NowMS: 7, Payload: entities.Payload{Data: data}}, State: b.InitialState(),
	}
}

func decide(t *testing.T, b behaviors.Entity, typ string, data []byte) *behaviors.Turn {
	t.Helper()
	turns := []behaviors.Turn{turnOf(b, typ, data)}
	b.Decide(t.Context(), turns)
	return &turns[0]
}

func TestACommandIsDecidedAndTheStateEvolves(t *testing.T) {
	m := bind(t, typed.Config{}, cart())
	b := m.Entities[0].Behavior
	avroData := singleObject(t, AddItem{Line: line{"apple", 2}}, avro.MustSchemaFor[AddItem]())
	for name, data := range map[string][]byte{
		"avro": avroData, "json": []byte(`{"type":"AddItem","line":{"sku":"apple","quantity":2}}`),
	} {
		t.Run(name, func(t *testing.T) {
			turn := decide(t, b, "", data)
			require.Nil(t, turn.Failure)
			require.Nil(t, turn.Decision.Rejection)
			require.Len(t, turn.Decision.Events, 1)
			event := turn.Decision.Events[0]
			require.Equal(t, "ItemAdded", event.Type)
			require.Equal(t, schemas.AvroContentType, event.Payload.ContentType)
			_, value, err := m.Codec.Decode(t.Context(), event.Payload, "ItemAdded")
			require.NoError(t, err)
			require.Equal(t, []any{[]any{"apple", int64(2)}}, value)

			again, err := b.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
			require.NoError(t, err)
			for _, state := range []entities.State{turn.Decision.State, again} {
				shown, err := b.StateJSON(state)
				require.NoError(t, err)
				require.JSONEq(t, `{"customer":"nobody","lines":[{"sku":"apple","quantity":2}],"notes":{},"closed":false}`, string(shown))
			}
		})
	}
}

func TestSeveralEventsAndAReply(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	turn := decide(t, b, "AddItem", []byte(`{"line":{"sku":"apple","quantity":2},"note":"twice"}`))
	require.Nil(t, turn.Failure)
	require.Len(t, turn.Decision.Events, 2)
	require.JSONEq(t, `{"id":"c1","at":7}`, string(turn.Decision.Reply))
	require.Len(t, turn.Decision.State.(*Cart).Lines, 2)
}

func TestDeleteLeavesTheInitialState(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	turn := decide(t, b, "Close", []byte(`{}`))
	require.Nil(t, turn.Failure)
	require.True(t, turn.Decision.Events[0].Deletes)
	require.Equal(t, &Cart{Customer: "nobody"}, turn.Decision.State)
}

func TestWhatHasNoEventsChangesNothing(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	turns := []behaviors.Turn{
		turnOf(b, "AddItem", []byte(`{"line":{"sku":"apple","quantity":0}}`)),
		turnOf(b, "AddItem", []byte(`{"line":{"sku":"apple","quantity":1}}`)),
		turnOf(b, "AddItem", []byte(`{"line":`)),
	}
	turns[1].State = &Cart{Closed: true}
	b.Decide(t.Context(), turns)
	require.Nil(t, turns[0].Failure)
	require.Equal(t, entities.Decision{}, turns[0].Decision)
	require.Equal(t, &entities.Rejection{Code: "cart-closed", Message: "the cart is closed"}, turns[1].Decision.Rejection)
	require.Equal(t, entities.Malformed, turns[2].Failure.Code)
	require.True(t, turns[2].StateIsKept, "nobody saw it")
}

func TestABehaviorThatFailsSaysWhere(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	for how, want := range map[string]string{
		"nil map":             `typed/typed_test\.go:\d+: panic: assignment to entry in nil map`,
		"no UTF-8":            `entity cart: the event: what cannot be read again is not written: record ItemAdded: .*UTF-8`,
		"panic in apply":      `typed/typed_test\.go:\d+: panic: the shelf broke`,
		"forgotten event":     `entity cart emits typed_test\.Forgotten and cannot apply it: give NewEntity an Apply\(func\(\*Cart, Forgotten\)\)`,
		"reject and emit":     `entity cart: deciding Misbehave returned Reject beside other effects`,
		"two replies":         `returned Reply more than once`,
		"delete alone":        `returned Delete without Emit`,
		"reply of a function": `entity cart: reply: json: unsupported type: func\(\)`,
	} {
		t.Run(how, func(t *testing.T) {
			data, err := json.Marshal(map[string]string{"how": how})
			require.NoError(t, err)
			turn := decide(t, b, "Misbehave", data)
			require.Equal(t, entities.Decision{}, turn.Decision)
			require.NotNil(t, turn.Failure)
			require.Equal(t, entities.BehaviorError, turn.Failure.Code)
			require.Regexp(t, want, turn.Failure.Message)
			if how == "panic in apply" || how == "forgotten event" {
				require.False(t, turn.StateIsKept)
			}
		})
	}
}

func TestInputThatIsNoCommandFails(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	good := singleObject(t, AddItem{}, avro.MustSchemaFor[AddItem]())
	for name, c := range map[string]struct {
		typ  string
		data []byte
		code entities.FailureCode
	}{
		"nothing":             {"AddItem", nil, entities.Malformed},
		"truncated":           {"AddItem", good[:len(good)-1], entities.Malformed},
		"no UTF-8":            {"AddItem", singleObject(t, AddItem{Note: "\xff"}, avro.MustSchemaFor[AddItem]()), entities.Malformed},
		"something behind it": {"AddItem", append(good[:len(good):len(good)], 0), entities.Malformed},
		"another type":        {"Close", good, entities.Malformed},
		"unknown type":        {"Open", []byte(`{}`), entities.UnknownType},
		"an event":            {"ItemAdded", []byte(`{}`), entities.UnknownType},
		"no type":             {"", []byte(`{}`), entities.UnknownType},
		"unknown fingerprint": {"AddItem", append([]byte{0xC3, 0x01}, "12345678"...), entities.UnknownSchema},
		"unknown field":       {"Close", []byte(`{"x":1}`), entities.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			turn := decide(t, b, c.typ, c.data)
			require.NotNil(t, turn.Failure)
			require.Equal(t, c.code, turn.Failure.Code, turn.Failure.Message)
		})
	}
}

func FuzzDecide(f *testing.F) {
	m, err := typed.Bind(f.Context(), typed.Config{}, cart())
	require.NoError(f, err)
	good, err := avro.MustSchemaFor[AddItem]().AppendSingleObject(nil, AddItem{Line: line{"apple", 2}})
	require.NoError(f, err)
	f.Add("AddItem", good)
	f.Add("", []byte(`{"type":"Close"}`))
	b := m.Entities[0].Behavior
	f.Fuzz(func(t *testing.T, typ string, data []byte) {
		turn := decide(t, b, typ, data)
		if turn.Failure == nil && len(turn.Decision.Events) > 0 {
			state, err := b.DecodeState(turn.Decision.StateFingerprint, turn.Decision.StateData)
			require.NoError(t, err)
			_, err = b.StateJSON(state)
			require.NoError(t, err)
		}
	})
}

package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// Whatever was decided, its events lead to the state that was stored: byte for byte, in either encoding.
func TestEventsAloneLeadToTheStateThatWasDecided(t *testing.T) {
	for _, encoding := range []schemas.Encoding{schemas.AvroEncoding, schemas.JSONEncoding} {
		b := bind(t, typed.Config{Options: schemas.Options{Encoding: encoding}}, cart()).Entities[0].Behavior
		rapid.Check(t, func(r *rapid.T) {
			decided, evolved := b.InitialState(), b.InitialState()
			for range rapid.IntRange(1, 8).Draw(r, "commands") {
				command := rapid.SampledFrom([]string{
					`{"type":"AddItem","line":{"sku":"apple","quantity":2}}`, `{"type":"AddItem","line":{"sku":"fig","quantity":1},"note":"twice"}`,
				}).Draw(r, "command")
				turns := []behaviors.Turn{{State: decided, Command: &entities.Command{EntityID: "c1", Payload: entities.Payload{Data: []byte(command)}}}}
				b.Decide(t.Context(), turns)
				require.Nil(r, turns[0].Failure)
				d := turns[0].Decision
				decided = d.State
				for _, event := range d.Events {
					var failure *entities.Failure
					evolved, failure = b.Evolve(t.Context(), evolved, &behaviors.Event{EntityID: "c1", Type: event.Type, Payload: event.Payload})
					require.Nil(r, failure)
				}
				data, fingerprint, err := b.EncodeState(evolved)
				require.NoError(r, err)
				require.Equal(r, d.StateData, data)
				require.Equal(r, d.StateFingerprint, fingerprint)
			}
		})
	}
}

func TestAnEventThatCannotBeEvolvedSaysWhy(t *testing.T) {
	b := bind(t, typed.Config{}, cart()).Entities[0].Behavior
	for name, c := range map[string]struct {
		typ, data string
		code      entities.FailureCode
		want      string
	}{
		"a panic":       {"ItemAdded", `{"line":{"sku":"boom","quantity":1}}`, entities.BehaviorError, `typed/typed_test.go:`},
		"unknown type":  {"ItemAded", `{}`, entities.UnknownType, "did you mean ItemAdded?"},
		"malformed":     {"ItemAdded", `{"line":`, entities.Malformed, ""},
		"unknown field": {"Closed", `{"customer":"ann","x":1}`, entities.Malformed, "x"},
		"no schema":     {"ItemAdded", "\xC3\x0112345678", entities.UnknownSchema, ""},
	} {
		t.Run(name, func(t *testing.T) {
			next, failure := b.Evolve(t.Context(), b.InitialState(), &behaviors.Event{Type: c.typ, Payload: entities.Payload{Data: []byte(c.data)}})
			require.Nil(t, next)
			require.NotNil(t, failure)
			require.Equal(t, c.code, failure.Code, failure.Message)
			require.Contains(t, failure.Message, c.want)
		})
	}
	_, failure := b.Evolve(t.Context(), "no cart", &behaviors.Event{Type: "Closed"})
	require.Contains(t, failure.Message, "a state of entity cart is not a string")
}

func TestAnEntityWithoutApplyCannotEvolve(t *testing.T) {
	b := bind(t, typed.Config{}, typed.NewEntity("cart", typed.On(Cart.close))).Entities[0].Behavior
	_, failure := b.Evolve(t.Context(), b.InitialState(), &behaviors.Event{Type: "Closed", Payload: entities.Payload{Data: []byte(`{"customer":"ann"}`)}})
	require.Equal(t, &entities.Failure{Code: entities.UnknownType, Message: "entity cart has no Apply, and Closed happened"}, failure)
}

func TestAnEntityWhoseInitialPanickedCannotEvolve(t *testing.T) {
	calls := 0
	e := typed.NewEntity("cart", typed.On(Cart.close), typed.Apply((*Cart).closed), typed.Initial(func() Cart {
		if calls++; calls > 1 { // The first is that of Bind.
			panic("no cart today")
		}
		return Cart{}
	}))
	b := bind(t, typed.Config{}, e).Entities[0].Behavior
	none := b.InitialState()
	_, failure := b.Evolve(t.Context(), none, &behaviors.Event{Type: "Closed", Payload: entities.Payload{Data: []byte(`{"customer":"ann"}`)}})
	require.Contains(t, failure.Message, "no cart today")
	_, _, err := b.EncodeState(none)
	require.ErrorContains(t, err, "no cart today")
}

func TestAnEventOfAnOlderSchemaEvolvesTheState(t *testing.T) {
	older := avro.MustParse(`{"type":"record","name":"Closed","fields":[{"name":"customer","type":"string"},{"name":"why","type":"string"}]}`)
	set, err := schemas.Parse(older.String())
	require.NoError(t, err)
	history := schemas.NewHistory()
	history.Add(set.Messages()[0].Fingerprint, set.Messages()[0].SchemaJSON)
	b := bind(t, typed.Config{Options: schemas.Options{History: history}}, cart()).Entities[0].Behavior
	data := singleObject(t, map[string]any{"customer": "ann", "why": "late"}, older)
	next, failure := b.Evolve(t.Context(), b.InitialState(), &behaviors.Event{Type: "Closed", Payload: entities.Payload{Data: data}})
	require.Nil(t, failure)
	require.True(t, next.(*Cart).Closed)
}

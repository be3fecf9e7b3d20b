package typed_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

type Bulb struct {
	Watts int32 `avro:"watts,default=40"`
	Hours int64 `avro:"hours"`
}

type Lamp struct {
	Color  string            `avro:"color,default=grey"`
	Since  time.Time         `avro:"since"`
	Left   Bulb              `avro:"left"`
	Right  Bulb              `avro:"right"`
	Labels map[string]string `avro:"labels"`
}

type Paint struct {
	Color string `avro:"color"`
}

type Painted struct {
	Color string `avro:"color"`
}

func paint(l Lamp, c Paint, _ typed.Context) typed.Effects {
	switch c.Color {
	case "leak and reject":
		l.Labels["leaked"] = "yes"
		return typed.Reject("no", "no")
	case "leak and do nothing":
		l.Labels["leaked"] = "yes"
		return typed.Effects{}
	}
	return typed.Emit(Painted(c))
}

func lamp(parts ...typed.EntityPart[Lamp]) *typed.Entity[Lamp] {
	return typed.NewEntity("lamp", append(parts, typed.On(paint), typed.Apply(func(l *Lamp, e Painted) { l.Color = e.Color }))...)
}

func TestANewStateHasTheDefaultsOfItsTags(t *testing.T) {
	state := bind(t, typed.Config{Namespace: "com.example"}, lamp()).Entities[0].Behavior.InitialState().(*Lamp)
	require.Equal(t, &Lamp{Color: "grey", Left: Bulb{Watts: 40}, Right: Bulb{Watts: 40}}, state)
	require.True(t, state.Since.IsZero())
}

func TestInitialStandsInsteadOfDefaults(t *testing.T) {
	initial := typed.Initial(func() Lamp { return Lamp{Color: "red"} })
	require.Equal(t, &Lamp{Color: "red"}, bind(t, typed.Config{}, lamp(initial)).Entities[0].Behavior.InitialState())
}

func TestANewRowHasTheDefaultsOfItsTags(t *testing.T) {
	p := bind(t, typed.Config{}, lamp(), typed.NewProjection("lamps", typed.From(lamp()),
		typed.Fold(func(*Bulb, Painted, *typed.EventContext) {}))).Projections[0].Behavior
	row, failure := p.Apply(t.Context(), nil, &behaviors.Event{Type: "Painted", Payload: entities.Payload{Data: []byte(`{"color":"red"}`)}})
	require.Nil(t, failure)
	shown, err := p.RowJSON(row)
	require.NoError(t, err)
	require.JSONEq(t, `{"watts":40,"hours":0}`, string(shown))
}

func TestAnInitialThatPanicsIsRefused(t *testing.T) {
	_, err := typed.Bind(t.Context(), typed.Config{}, lamp(typed.Initial(func() Lamp { panic("no lamps") })))
	require.Error(t, err)
	require.Regexp(t, `entity lamp: Initial: typed/initial_test\.go:\d+: panic: no lamps`, err.Error())
}

func TestAnInitialThatPanicsLaterFailsTheCommand(t *testing.T) {
	calls := 0
	b := bind(t, typed.Config{}, lamp(typed.Initial(func() Lamp {
		if calls++; calls > 1 {
			panic("no more lamps")
		}
		return Lamp{}
	}))).Entities[0].Behavior
	turn := decide(t, b, "Paint", []byte(`{"color":"red"}`))
	require.NotNil(t, turn.Failure)
	require.Equal(t, entities.BehaviorError, turn.Failure.Code)
	require.Regexp(t, `entity lamp: Initial: typed/initial_test\.go:\d+: panic: no more lamps`, turn.Failure.Message)
	require.False(t, turn.StateIsKept)
	_, err := b.StateJSON(b.InitialState())
	require.ErrorContains(t, err, "no more lamps")
}

func TestAStateThatADecisionMayHaveChangedIsReadAgain(t *testing.T) {
	b := bind(t, typed.Config{}, lamp()).Entities[0].Behavior
	for _, how := range []string{"leak and reject", "leak and do nothing"} {
		turns := []behaviors.Turn{turnOf(b, "Paint", []byte(`{"color":"`+how+`"}`))}
		turns[0].State = &Lamp{Labels: map[string]string{}}
		b.Decide(t.Context(), turns)
		require.Nil(t, turns[0].Failure)
		require.False(t, turns[0].StateIsKept, how)
	}
}

func TestAStateThatADecisionCannotChangeIsKept(t *testing.T) {
	b := bind(t, typed.Config{}, typed.NewEntity("bulb", typed.On(func(b Bulb, _ Close, _ typed.Context) typed.Effects {
		b.Watts = 1
		return typed.Reject("no", "no")
	}))).Entities[0].Behavior
	require.True(t, decide(t, b, "Close", []byte(`{}`)).StateIsKept)
}

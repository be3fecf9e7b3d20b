// Package typedtest tests the parts of package typed without a broker: given what happened, when something is asked or happens, then that is what
// comes of it. Payloads and states go through their schemas as they do in a running context.
//
//	typedtest.Entity(t, account, "a1").
//		Given(Opened{Owner: "ann"}, Deposited{Cents: 100}).
//		When(Withdraw{Cents: 30}).
//		Then(Withdrawn{Cents: 30}).
//		ThenState(Account{Owner: "ann", Cents: 70})
package typedtest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// An EntityTest is one entity under test.
type EntityTest[S any] struct {
	t      testing.TB
	entity *typed.Entity[S]
	bound  typed.BoundEntity
	codec  *messages
	id     string
	// stored is nil for an entity without events.
	stored   []byte
	sequence int64
	last     behaviors.Turn
}

// Entity begins a test of an entity without events. The others are the parts of its context that it sends to: entities and publications.
func Entity[S any](tb testing.TB, entity *typed.Entity[S], id string, others ...typed.Part) *EntityTest[S] {
	tb.Helper()
	m, err := typed.Bind(tb.Context(), typed.Config{}, append([]typed.Part{entity}, others...)...)
	require.NoError(tb, err)
	return &EntityTest[S]{t: tb, entity: entity, bound: m.Entities[0], codec: newMessages(tb, m), id: id}
}

// Given lets events happen to the entity.
func (e *EntityTest[S]) Given(events ...any) *EntityTest[S] {
	e.t.Helper()
	state, ok := e.state().(*S)
	require.True(e.t, ok, "Initial panicked")
	require.NoError(e.t, e.entity.Evolve(state, events...))
	_, payload := e.codec.encode(state)
	e.stored = payload.Data[singleObjectHeader:]
	e.sequence += int64(len(events))
	return e
}

// When sends commands, one after the other. What follows speaks of the last one; those before it must neither fail nor be rejected.
func (e *EntityTest[S]) When(commands ...any) *EntityTest[S] {
	e.t.Helper()
	for i, c := range commands {
		e.decide(c)
		if i < len(commands)-1 {
			e.requireAccepted()
		}
	}
	return e
}

// Then requires that the last command was accepted with exactly these events, none if none is named.
func (e *EntityTest[S]) Then(events ...any) *EntityTest[S] {
	e.t.Helper()
	e.requireAccepted()
	require.Equal(e.t, e.codec.show(events), e.codec.showEvents(e.last.Decision.Events), "the events")
	return e
}

// ThenSends requires that the last command was accepted and sends exactly this, none if none is named: typed.Send, typed.Ask and typed.Publish, each
// kind in its order.
func (e *EntityTest[S]) ThenSends(effects ...typed.Effects) *EntityTest[S] {
	e.t.Helper()
	e.requireAccepted()
	want, err := e.bound.Sends(together(effects))
	require.NoError(e.t, err)
	require.Equal(e.t, e.codec.showSent(want), e.codec.showSent(e.last.Decision.Messages), "what is sent")
	return e
}

// ThenReply requires that the last command was accepted with a reply that is the same JSON as value.
func (e *EntityTest[S]) ThenReply(value any) *EntityTest[S] {
	e.t.Helper()
	e.requireAccepted()
	want, err := json.Marshal(value)
	require.NoError(e.t, err)
	require.NotNil(e.t, e.last.Decision.Reply, "there is no reply")
	require.JSONEq(e.t, string(want), string(e.last.Decision.Reply), "the reply")
	return e
}

// ThenRejected requires that the last command was rejected with this code.
func (e *EntityTest[S]) ThenRejected(code string) *EntityTest[S] {
	e.t.Helper()
	e.requireNoFailure()
	require.NotNil(e.t, e.last.Decision.Rejection, "it was accepted, with %v", e.codec.showEvents(e.last.Decision.Events))
	require.Equal(e.t, code, e.last.Decision.Rejection.Code, e.last.Decision.Rejection.Message)
	return e
}

// ThenFailed requires that the last command failed with a message that has this text in it.
func (e *EntityTest[S]) ThenFailed(text string) *EntityTest[S] {
	e.t.Helper()
	require.NotNil(e.t, e.last.Failure, "it did not fail")
	require.Contains(e.t, e.last.Failure.Message, text)
	return e
}

// ThenState requires that the state, stored and read again, is this one.
func (e *EntityTest[S]) ThenState(state S) *EntityTest[S] {
	e.t.Helper()
	require.Equal(e.t, e.shownState(&state), e.shownState(e.state()), "the state")
	return e
}

func (e *EntityTest[S]) decide(command any) {
	e.t.Helper()
	name, payload := e.codec.encode(command)
	e.codec.values.begin()
	turns := []behaviors.Turn{{State: e.state(), Replicated: e.codec.values.view, Command: &entities.Command{
		EntityID: e.id, Sequence: e.sequence, ID: "test", Type: name, Payload: payload,
	}}}
	e.bound.Behavior.Decide(e.t.Context(), turns)
	e.last = turns[0]
	if e.last.Failure == nil {
		e.codec.values.change(e.t, e.last.Decision.Changes)
	}
	if d := e.last.Decision; e.last.Failure == nil && len(d.Events) > 0 {
		e.sequence += int64(len(d.Events))
		e.stored = d.StateData
		if d.Events[len(d.Events)-1].Deletes {
			e.stored = nil
		}
	}
}

func (e *EntityTest[S]) state() entities.State {
	e.t.Helper()
	if e.stored == nil {
		return e.bound.Behavior.InitialState()
	}
	state, err := e.bound.Behavior.DecodeState(e.bound.State.Fingerprint, e.stored)
	require.NoError(e.t, err)
	return state
}

func (e *EntityTest[S]) shownState(state entities.State) string {
	e.t.Helper()
	data, err := e.bound.Behavior.StateJSON(state)
	require.NoError(e.t, err)
	return indented(e.t, data)
}

func (e *EntityTest[S]) requireAccepted() {
	e.t.Helper()
	e.requireNoFailure()
	if r := e.last.Decision.Rejection; r != nil {
		require.Fail(e.t, "the command was rejected", "%s: %s", r.Code, r.Message)
	}
}

func (e *EntityTest[S]) requireNoFailure() {
	e.t.Helper()
	if e.last.Failure != nil {
		require.Fail(e.t, "the command failed", e.last.Failure.Message)
	}
}

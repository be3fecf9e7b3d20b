package starlark

import (
	"errors"
	"fmt"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

const keyTurn = "turn"

// A turn is what the running call may do: the messages it may emit, none outside of decide_, and what it may send to.
type turn struct {
	entity string
	events map[string]*Message
	// outlets is nil where nothing is sent.
	outlets *Outlets
	// own are the commands that answers may come back as; nil for what is no entity.
	own []*Message
	// nowMS is the time of the command, in ms since 1970.
	nowMS int64
	// messages are what a stream, which entity names then, may write.
	messages map[string]*Message
	// tables are what ctx.tables has, replicated what ctx.replicated has.
	tables     []Table
	replicated Replicated
}

// An effect is what a function asks for by returning it.
type effect struct {
	kind          effectKind
	event         *Message
	fields        *Record
	reply         star.Value
	code, message string
	letter        *letter
	change        *entities.Change
}

type effectKind string

const (
	emitting  effectKind = "emit"
	replying  effectKind = "reply"
	rejecting effectKind = "reject"
	deleting  effectKind = "delete"
	sending   effectKind = "send"

	publishing effectKind = "publish"
	changing   effectKind = "change"
)

func (e *effect) String() string        { return string(e.kind) + "(…)" }
func (e *effect) Type() string          { return "effect" }
func (e *effect) Freeze()               {}
func (e *effect) Truth() star.Bool      { return true }
func (e *effect) Hash() (uint32, error) { return 0, errors.New("unhashable: effect") }

func effectBuiltins() star.StringDict {
	out := star.StringDict{}
	for name, f := range map[string]func(*star.Thread, *star.Builtin, star.Tuple, []star.Tuple) (star.Value, error){
		"emit": emit, "reply": reply, "reject": reject, "delete": remove,
		"send": send, "publish": publish, "command": answerAs, "schedule": later, "cancel": later,
	} {
		out[name] = star.NewBuiltin(name, f)
	}
	for name, operation := range operations {
		out[name] = star.NewBuiltin(name, operation.effect)
	}
	return out
}

func emit(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.events == nil {
		return nil, errors.New("emit: only decide_ functions emit events")
	}
	if len(args) != 1 {
		return nil, errors.New(`emit: want the event's name and its fields by name: emit("ItemAdded", sku = …)`)
	}
	name, _ := star.AsString(args[0])
	event := allowed.events[name]
	if event == nil {
		known := make([]string, 0, len(allowed.events))
		for k := range allowed.events {
			known = append(known, k)
		}
		return nil, fmt.Errorf("emit: entity %s has no event %s%s", allowed.entity, shown(args[0]), didYouMean(name, known))
	}
	fields, err := newRecord(event.Type, kwargs, budgetOf(t), 0)
	if err != nil {
		return nil, fmt.Errorf("emit: %w", err)
	}
	fields.Freeze()
	return &effect{kind: emitting, event: event, fields: fields}, nil
}

func reply(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	e := &effect{kind: replying}
	if err := star.UnpackArgs(b.Name(), args, kwargs, "value", &e.reply); err != nil {
		return nil, err
	}
	return e, nil
}

func reject(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	e := &effect{kind: rejecting}
	if err := star.UnpackArgs(b.Name(), args, kwargs, "code", &e.code, "message?", &e.message); err != nil {
		return nil, err
	}
	if e.code == "" || len(e.code) > maxCodeBytes {
		return nil, fmt.Errorf("reject: a code for programs has 1 to %d bytes, like \"cart-closed\"", maxCodeBytes)
	}
	e.message = clipped(e.message, maxMessageBytes)
	return e, nil
}

func remove(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	return &effect{kind: deleting}, star.UnpackArgs(b.Name(), args, kwargs)
}

func later(_ *star.Thread, b *star.Builtin, _ star.Tuple, _ []star.Tuple) (star.Value, error) {
	return nil, fmt.Errorf("%s: not in this version", b.Name())
}

// Bounds of what a decision can hold: a code is a word, and all events of a command are of one transaction.
const (
	maxCodeBytes = 100
	maxEffects   = 1000
)

// effectsOf are the effects in a decide_ function's result: None, one, or a list of them.
func effectsOf(v star.Value) ([]*effect, error) {
	switch v := v.(type) {
	case star.NoneType:
		return nil, nil
	case *effect:
		return checkTogether([]*effect{v})
	case *star.List, star.Tuple:
		if n := star.Len(v); n > maxEffects {
			return nil, fmt.Errorf("%w: returned %d effects: a command has at most %d", errSizeLimit, n, maxEffects)
		}
		out := make([]*effect, 0, star.Len(v))
		for item := range star.Elements(v.(star.Iterable)) {
			e, ok := item.(*effect)
			if !ok {
				return nil, fmt.Errorf("returned a list with %s in it: want effects only, like emit(…)", item.Type())
			}
			out = append(out, e)
		}
		return checkTogether(out)
	}
	return nil, fmt.Errorf("returned %s: want None, an effect like emit(…), or a list of effects", v.Type())
}

func checkTogether(effects []*effect) ([]*effect, error) {
	count := func(kind effectKind) (n int) {
		for _, e := range effects {
			if e.kind == kind {
				n++
			}
		}
		return n
	}
	switch {
	case len(effects) > 1 && count(rejecting) > 0:
		return nil, errors.New("returned reject(…) beside other effects: a rejection stands alone")
	case count(replying) > 1:
		return nil, errors.New("returned reply(…) more than once")
	case count(deleting) > 0 && count(emitting) == 0:
		return nil, errors.New("returned delete() without emit(…): the last event is what ends the entity")
	}
	return effects, nil
}

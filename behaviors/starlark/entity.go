package starlark

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"go.starlark.net/lib/json"
	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// EntityConfig says where an entity's behaviour is and what it is about.
type EntityConfig struct {
	Folder   fs.FS
	File     string
	Name     string
	State    *Message
	Commands []*Message
	Events   []*Message
	Codec    Codec
	// Print takes what scripts print; nil drops it.
	Print  func(file, text string)
	Limits Limits
}

type entity struct {
	config  EntityConfig
	caller  *caller
	decide  map[string]*star.Function
	evolve  map[string]*star.Function
	allowed turn
	initial *Record
}

// LoadEntity loads an entity's script. All its problems come back at once; the entity is usable when there are none.
func LoadEntity(config EntityConfig) (behaviors.Entity, []Problem) {
	config.Limits = config.Limits.withDefaults()
	globals, err := newLoader(config.Folder, config.Limits, config.Print).load(config.File)
	if err != nil {
		return nil, problemsOf(config.File, err)
	}
	f := &functions{file: config.File, owner: "entity " + config.Name, globals: globals}
	e := &entity{config: config, caller: newCaller(config.File, config.Limits, config.Print)}
	e.decide = f.required("decide_", "command", []string{"state", "cmd", "ctx"}, config.Commands)
	e.evolve = f.required("evolve_", "event", []string{"state", "event"}, config.Events)
	f.refuseUnknown("decide_", "command", config.Commands)
	f.refuseUnknown("evolve_", "event", config.Events)
	e.allowed = turn{entity: config.Name, events: byName(config.Events)}
	if e.initial, err = newRecord(config.State.Type, nil, 0); err != nil {
		f.problem("state %s: %v", config.State.Name, err)
		return nil, f.problems
	}
	e.initial.Freeze()
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	return e, nil
}

func byName(messages []*Message) map[string]*Message {
	out := make(map[string]*Message, len(messages))
	for _, m := range messages {
		out[m.Name] = m
	}
	return out
}

func (e *entity) InitialState() entities.State { return e.initial }

func (e *entity) DecodeState(fingerprint uint64, data []byte) (entities.State, error) {
	value, err := e.config.Codec.DecodeState(e.config.State, fingerprint, data)
	if err != nil {
		return nil, fmt.Errorf("state of entity %s: %w", e.config.Name, err)
	}
	state := recordToStar(value, e.config.State.Type)
	state.Freeze()
	return state, nil
}

func (e *entity) StateJSON(state entities.State) ([]byte, error) {
	value, err := toPlain(state.(*Record), e.config.State.Type)
	if err != nil {
		return nil, fmt.Errorf("state of entity %s: %w", e.config.Name, err)
	}
	return e.config.Codec.JSON(e.config.State, value.([]any))
}

func (e *entity) Decide(ctx context.Context, turns []behaviors.Turn) {
	for i := range turns {
		t := &turns[i]
		t.StateIsKept = true
		t.Decision, t.Failure = e.decideOne(ctx, t.Command, t.State.(*Record))
	}
}

func (e *entity) decideOne(ctx context.Context, command *entities.Command, state *Record) (entities.Decision, *entities.Failure) {
	none := entities.Decision{}
	if command.Type != "" && e.decide[command.Type] == nil {
		return none, e.unknownCommand(command.Type)
	}
	name, value, failure := decode(ctx, e.config.Codec, command.Type, command.Payload)
	if failure != nil {
		return none, failure
	}
	decide := e.decide[name]
	if decide == nil {
		return none, e.unknownCommand(name)
	}
	message := byNameIn(e.config.Commands, name)
	cmd := recordToStar(value, message.Type)
	cmd.Freeze()
	result, failure := e.caller.call(decide, e.allowed, state, cmd, commandContext(command))
	if failure != nil {
		return none, failure
	}
	effects, err := effectsOf(result)
	if err != nil {
		return none, failureIn(decide.Name(), err, decide, false, false)
	}
	return e.carryOut(decide, effects, state)
}

func byNameIn(messages []*Message, name string) *Message {
	for _, m := range messages {
		if m.Name == name {
			return m
		}
	}
	return nil
}

func (e *entity) unknownCommand(name string) *entities.Failure {
	known := make([]string, len(e.config.Commands))
	for i, m := range e.config.Commands {
		known[i] = m.Name
	}
	return &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("entity %s has no command %q%s: it knows %s",
		e.config.Name, name, didYouMean(name, known), strings.Join(known, ", "))}
}

// carryOut makes a decision of effects: events are encoded, and evolve_ functions applied to a copy of the state.
func (e *entity) carryOut(decide *star.Function, effects []*effect, state *Record) (d entities.Decision, failure *entities.Failure) {
	next, deletes := state, false
	for _, effect := range effects {
		var err error
		switch effect.kind {
		case rejecting:
			d.Rejection = &entities.Rejection{Code: effect.code, Message: effect.message}
		case replying:
			d.Reply, err = e.replyJSON(decide, effect.reply)
		case deleting:
			deletes = true
		case emitting:
			var event entities.Event
			if event, err = e.encodeEvent(effect); err == nil {
				d.Events = append(d.Events, event)
				next, failure = e.apply(effect, next)
			}
		}
		if err != nil {
			failure = failureIn(decide.Name(), err, decide, false, false)
		}
		if failure != nil {
			return entities.Decision{}, failure
		}
	}
	if len(d.Events) == 0 {
		return d, nil
	}
	if deletes {
		d.Events[len(d.Events)-1].Deletes = true
		next = e.initial
	}
	return e.withState(d, next)
}

func (e *entity) encodeEvent(effect *effect) (entities.Event, error) {
	value, err := toPlain(effect.fields, effect.event.Type)
	if err != nil {
		return entities.Event{}, err
	}
	payload, err := e.config.Codec.Encode(effect.event, value.([]any))
	if err != nil {
		return entities.Event{}, fmt.Errorf("event %s: %w", effect.event.Name, err)
	}
	return entities.Event{Type: effect.event.Name, Payload: payload}, nil
}

func (e *entity) apply(effect *effect, state *Record) (*Record, *entities.Failure) {
	evolve := e.evolve[effect.event.Name]
	next := state.thawed()
	result, failure := e.caller.call(evolve, turn{}, next, effect.fields)
	if failure != nil {
		return nil, failure
	}
	if result != star.None {
		err := fmt.Errorf("returned %s: evolve changes the state in place and returns nothing", result.Type())
		return nil, failureIn(evolve.Name(), err, evolve, false, false)
	}
	if _, err := coerce(next, e.config.State.Type, 0); err != nil {
		return nil, failureIn(evolve.Name(), err, evolve, false, false)
	}
	next.Freeze()
	return next, nil
}

func (e *entity) withState(d entities.Decision, state *Record) (entities.Decision, *entities.Failure) {
	value, err := toPlain(state, e.config.State.Type)
	if err == nil {
		d.StateData, d.StateFingerprint, err = e.config.Codec.EncodeState(e.config.State, value.([]any))
	}
	if err != nil {
		return entities.Decision{}, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("%s: state of entity %s: %v", e.config.File, e.config.Name, err)}
	}
	d.State = state
	return d, nil
}

// replyJSON is the value given to reply(), as JSON.
func (e *entity) replyJSON(decide *star.Function, v star.Value) ([]byte, error) {
	t := newThread(decide.Name(), e.config.Limits, nil)
	text, err := star.Call(&t.thread, json.Module.Members["encode"], star.Tuple{v}, nil)
	if err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	s, _ := star.AsString(text)
	return []byte(s), nil
}

func commandContext(c *entities.Command) *scope {
	return &scope{names: []string{"entity_id", "sequence", "now", "command_id", "headers"}, values: []star.Value{
		star.String(c.EntityID), star.MakeInt64(c.Sequence), star.MakeInt64(c.NowMS), star.String(c.ID), headersToStar(c.Headers),
	}}
}

func headersToStar(headers []entities.Header) *star.Dict {
	d := star.NewDict(len(headers))
	for _, h := range headers {
		var v star.Value = star.Bytes(h.Value)
		if utf8.Valid(h.Value) {
			v = star.String(h.Value)
		}
		_ = d.SetKey(star.String(h.Key), v) // a new dict takes any string
	}
	d.Freeze()
	return d
}

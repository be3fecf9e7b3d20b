package starlark

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

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
	// Outlets are what the entity may send to; nil for nothing.
	Outlets *Outlets
	Tables  []Table
	// Replicated are without Views: each turn brings its own.
	Replicated Replicated
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
	allowed := turn{
		entity: config.Name, events: byName(config.Events), outlets: config.Outlets, own: config.Commands, tables: config.Tables,
		replicated: config.Replicated,
	}
	globals, problems := loadScript(config.Folder, config.File, config.Limits, config.Print, &allowed, config.Commands, config.Events, []*Message{config.State})
	if len(problems) > 0 {
		return nil, problems
	}
	f := &functions{file: config.File, owner: "entity " + config.Name, globals: globals}
	e := &entity{config: config, caller: newCaller(config.Limits, config.Print), allowed: allowed}
	state := strings.ReplaceAll(config.Name, "-", "_")
	e.decide = f.required("decide_", "command", []string{state, "cmd", "ctx"}, config.Commands)
	e.evolve = f.required("evolve_", "event", []string{state, "event"}, config.Events)
	f.refuseUnknown("decide_", "command", config.Commands)
	f.refuseUnknown("evolve_", "event", config.Events)
	initial, err := newRecord(config.State.Type, nil, nil, 0)
	if err != nil {
		f.problem("state %s: %v", config.State.Name, err)
	}
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	e.initial = initial
	e.initial.Freeze()
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
	value, err := recordToPlain(state.(*Record), e.config.State.Type, nil, 0)
	if err != nil {
		return nil, fmt.Errorf("state of entity %s: %w", e.config.Name, err)
	}
	return e.config.Codec.JSON(e.config.State, value)
}

func (e *entity) Decide(ctx context.Context, turns []behaviors.Turn) {
	for i := range turns {
		t := &turns[i]
		t.StateIsKept = true
		t.Decision, t.Failure = e.decideOne(ctx, t.Command, t.Replicated, t.State.(*Record))
	}
}

func (e *entity) decideOne(ctx context.Context, command *entities.Command, views behaviors.Views, state *Record) (d entities.Decision, failure *entities.Failure) {
	defer func() {
		if p := recover(); p != nil {
			d, failure = entities.Decision{}, panicked(e.config.File+": entity "+e.config.Name, p)
		}
	}()
	if command.Type != "" && e.decide[shortName(command.Type)] == nil {
		return d, e.unknownCommand(command.Type)
	}
	name, value, failure := decode(ctx, e.config.Codec, command.Type, command.Payload)
	if failure != nil {
		return d, failure
	}
	function := e.decide[name]
	if function == nil {
		return d, e.unknownCommand(name)
	}
	cmd := recordToStar(value, byNameIn(e.config.Commands, name).Type)
	cmd.Freeze()
	t := e.caller.borrow()
	defer e.caller.giveBack(t)
	allowed := e.allowed
	allowed.nowMS = command.NowMS
	about := t.context(commandNames, (*aboutCommand)(command), command.Headers, e.config.Tables, e.config.Replicated.seen(views))
	result, failure := t.call(function, allowed, state, cmd, about)
	if failure != nil {
		return d, failure
	}
	effects, err := effectsOf(result)
	if err != nil {
		return d, t.failure(function, err)
	}
	return e.carryOut(t, function, effects, state)
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
	return &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("entity %s has no command %s%s: it knows %s",
		e.config.Name, quoted(name), didYouMean(name, known), strings.Join(known, ", "))}
}

// carryOut makes a decision of effects: events are encoded, and evolve_ functions applied to a copy of the state.
func (e *entity) carryOut(t *thread, decide *star.Function, effects []*effect, state *Record) (d entities.Decision, failure *entities.Failure) {
	next, deletes := state, false
	for _, effect := range effects {
		var err error
		switch effect.kind {
		case rejecting:
			d.Rejection = &entities.Rejection{Code: effect.code, Message: effect.message}
		case replying:
			d.Reply, err = replyJSON(effect.reply)
		case deleting:
			deletes = true
		case changing:
			d.Changes = append(d.Changes, *effect.change)
		case sending, publishing:
			err = effect.letter.addTo(&d.Messages, e.config.Codec, &t.budget)
		case emitting:
			var event entities.Event
			if event, err = e.encodeEvent(effect, t); err == nil {
				d.Events = append(d.Events, event)
				next, failure = e.apply(t, effect, next)
			}
		}
		if err != nil {
			failure = t.failure(decide, err)
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
	return e.withState(t, decide, d, next)
}

func (e *entity) encodeEvent(effect *effect, t *thread) (entities.Event, error) {
	value, err := recordToPlain(effect.fields, effect.event.Type, &t.budget, 0)
	if err != nil {
		return entities.Event{}, err
	}
	payload, err := e.config.Codec.Encode(effect.event, value)
	if err != nil {
		return entities.Event{}, fmt.Errorf("event %s: %w", effect.event.Name, err)
	}
	return entities.Event{Type: effect.event.Name, Payload: payload}, nil
}

func (e *entity) apply(t *thread, effect *effect, state *Record) (*Record, *entities.Failure) {
	evolve := e.evolve[effect.event.Name]
	next := state.thawed(&t.budget)
	result, failure := t.call(evolve, turn{}, next, effect.fields)
	if failure != nil {
		return nil, failure
	}
	if result != star.None {
		return nil, t.failure(evolve, fmt.Errorf("returned %s: evolve changes the state in place and returns nothing", result.Type()))
	}
	if _, err := coerce(next, e.config.State.Type, &t.budget, 0); err != nil {
		return nil, t.failure(evolve, fmt.Errorf("%s.%w", next.Type(), err))
	}
	next.Freeze()
	return next, nil
}

func (e *entity) withState(t *thread, decide *star.Function, d entities.Decision, state *Record) (entities.Decision, *entities.Failure) {
	value, err := recordToPlain(state, e.config.State.Type, &t.budget, 0)
	if err == nil {
		d.StateData, d.StateFingerprint, err = e.config.Codec.EncodeState(e.config.State, value)
	}
	if err != nil {
		return entities.Decision{}, t.failure(decide, fmt.Errorf("state of entity %s: %w", e.config.Name, err))
	}
	d.State = state
	return d, nil
}

// aboutCommand is what the ctx of a decide_ function is about.
type aboutCommand entities.Command

var commandNames = scopeNames("entity_id", "sequence", "now", "command_id")

func (c *aboutCommand) field(name string) star.Value {
	switch name {
	case "entity_id":
		return star.String(c.EntityID)
	case "sequence":
		return star.MakeInt64(c.Sequence)
	case "now":
		return star.MakeInt64(c.NowMS)
	}
	return star.String(c.ID)
}

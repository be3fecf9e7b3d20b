package starlark

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// StreamConfig says where a stream's behaviour is and what it is about.
type StreamConfig struct {
	Folder fs.FS
	File   string
	Name   string
	Events []*Message
	// Messages are the records that it writes.
	Messages   []*Message
	Tables     []Table
	Replicated Replicated
	Codec      Codec
	Print      func(file, text string)
	Limits     Limits
}

// A Stream is a stream projection in Starlark.
type Stream struct {
	config   StreamConfig
	caller   *caller
	on       map[string]*star.Function
	messages map[string]*Message
}

var _ behaviors.Stream = (*Stream)(nil)

// LoadStream loads a stream's script. All its problems come back at once; the stream is usable when there are none.
func LoadStream(config StreamConfig) (*Stream, []Problem) {
	config.Limits = config.Limits.withDefaults()
	allowed := turn{tables: config.Tables, replicated: config.Replicated}
	globals, problems := loadScript(config.Folder, config.File, config.Limits, config.Print, &allowed, config.Events, config.Messages)
	if len(problems) > 0 {
		return nil, problems
	}
	f := &functions{file: config.File, owner: "projection " + config.Name, globals: globals}
	s := &Stream{config: config, caller: newCaller(config.Limits, config.Print), messages: map[string]*Message{}}
	for _, m := range config.Messages {
		s.messages[m.Name] = m
	}
	s.on = f.optional("on_", []string{"event", "ctx"}, config.Events)
	f.refuseUnknown("on_", "event", config.Events)
	if len(s.on) == 0 {
		f.problem("no on_<event>(event, ctx) function for any of its events")
	}
	for _, m := range config.Events {
		if name := "key_" + snake(m.Name); f.globals.Has(name) {
			f.problem("%s: a stream has no rows: its on_ functions give the key to write(…)", name)
		}
	}
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	return s, nil
}

// Wants tells whether there is an on_ function for the event.
func (s *Stream) Wants(eventType string) bool { return s.on[eventType] != nil }

// Write calls the on_ function.
func (s *Stream) Write(ctx context.Context, event *behaviors.Event) (messages []behaviors.Message, failure *entities.Failure) {
	defer func() {
		if reason := recover(); reason != nil {
			messages, failure = nil, panicked(s.config.File+": projection "+s.config.Name, reason)
		}
	}()
	on := s.on[event.Type]
	if on == nil {
		return nil, nil
	}
	record, failure := decodeEvent(ctx, s.config.Codec, s.config.Events, s.config.Name, event)
	if failure != nil {
		return nil, failure
	}
	t := s.caller.borrow()
	defer s.caller.giveBack(t)
	about := t.eventContext(event, s.config.Tables, s.config.Replicated)
	result, failure := t.call(on, turn{entity: s.config.Name, messages: s.messages}, record, about)
	if failure != nil {
		return nil, failure
	}
	all, err := writtenIn(result)
	if err != nil {
		return nil, t.failure(on, err)
	}
	for _, w := range all {
		m, failure := s.encode(t, on, w)
		if failure != nil {
			return nil, failure
		}
		messages = append(messages, m)
	}
	return messages, nil
}

func (s *Stream) encode(t *thread, on *star.Function, w *written) (behaviors.Message, *entities.Failure) {
	place := on.Position().String() + ": in " + on.Name() + ": write(" + quoted(w.message.Name) + ", …)"
	if w.key == star.None {
		return behaviors.Message{}, &entities.Failure{Code: entities.NoKey, Message: place + ": the key is None"}
	}
	key, failure := keyText(w.key, place)
	if failure != nil {
		return behaviors.Message{}, failure
	}
	value, err := recordToPlain(w.fields, w.message.Type, &t.budget, 0)
	if err != nil {
		return behaviors.Message{}, t.failure(on, err)
	}
	payload, err := s.config.Codec.Encode(w.message, value)
	if err != nil {
		return behaviors.Message{}, t.failure(on, err)
	}
	return behaviors.Message{Key: key, Type: w.message.Name, Payload: payload}, nil
}

// A written is what write(…) returns: a message that a stream asks for by returning it.
type written struct {
	message *Message
	key     star.Value
	fields  *Record
}

func (w *written) String() string        { return "write(…)" }
func (w *written) Type() string          { return "message" }
func (w *written) Freeze()               {}
func (w *written) Truth() star.Bool      { return true }
func (w *written) Hash() (uint32, error) { return 0, errors.New("unhashable: message") }

// write is write("BigOrder", key, total_cents = …).
func write(t *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	allowed, _ := t.Local(keyTurn).(*turn)
	if allowed == nil || allowed.messages == nil {
		return nil, errors.New("write: only on_ functions of a projection of type stream write messages")
	}
	if len(args) != 2 {
		return nil, errors.New(`write: want the record's name, the key, and the fields by name: write("BigOrder", key, total_cents = …)`)
	}
	name, _ := star.AsString(args[0])
	message := allowed.messages[name]
	if message == nil {
		return nil, fmt.Errorf("write: projection %s has no message %s%s", allowed.entity, shown(args[0]),
			didYouMean(name, slices.Collect(maps.Keys(allowed.messages))))
	}
	fields, err := newRecord(message.Type, kwargs, budgetOf(t), 0)
	if err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	fields.Freeze()
	return &written{message: message, key: args[1], fields: fields}, nil
}

// writtenIn are the messages in a function's result: None, one, or a list of them.
func writtenIn(v star.Value) ([]*written, error) {
	switch v := v.(type) {
	case star.NoneType:
		return nil, nil
	case *written:
		return []*written{v}, nil
	case *star.List, star.Tuple:
		var all []*written
		for item := range star.Elements(v.(star.Iterable)) {
			w, ok := item.(*written)
			if !ok {
				return nil, fmt.Errorf("returned a list with %s in it: want messages only, like write(…)", item.Type())
			}
			all = append(all, w)
		}
		return all, nil
	}
	return nil, fmt.Errorf("returned %s: want None, a message like write(…), or a list of messages", v.Type())
}

// decodeEvent is an event as functions see it.
func decodeEvent(ctx context.Context, codec Codec, events []*Message, projection string, event *behaviors.Event) (*Record, *entities.Failure) {
	_, value, failure := decode(ctx, codec, event.Type, event.Payload)
	if failure != nil {
		return nil, failure
	}
	message := byNameIn(events, event.Type)
	if message == nil {
		return nil, &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("projection %s has no event %s", projection, event.Type)}
	}
	record := recordToStar(value, message.Type)
	record.Freeze()
	return record, nil
}

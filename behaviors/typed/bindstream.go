package typed

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"sync/atomic"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A BoundStream is a stream with its behaviour.
type BoundStream struct {
	Name string
	// To is the topic of others that it writes to; empty for its own.
	To       string
	Messages []*schemas.Message
	// Entities and Topics are what it follows: entity types of this context, and topics of others.
	Entities, Topics []string
	OnFailure        entities.OnFailure
	Behavior         behaviors.Stream
}

func (s *Stream) records() []record {
	all := append([]record(nil), s.messages...)
	for _, e := range s.eaches {
		all = append(all, e.record)
	}
	return all
}

func (s *Stream) outline() outline {
	o := outline{kind: "projection", name: s.name, sources: s.sources}
	for _, e := range s.eaches {
		o.folds = append(o.folds, e.name())
	}
	return o
}

var topicPattern = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

func (s *Stream) check() []error {
	what := "projection " + s.name
	problems := []error{checkName("projection", s.name)}
	problems = append(problems, checkTwice(what+": Each", s.eaches, func(e writing) reflect.Type { return e.goType })...)
	problems = append(problems, checkTwice(what+": Writes", s.messages, func(r record) reflect.Type { return r.goType })...)
	if len(s.eaches) == 0 {
		problems = append(problems, fmt.Errorf("%s follows no event: give NewStream an Each(func(event, *typed.EventContext) []typed.Written)", what))
	}
	if len(s.messages) == 0 {
		problems = append(problems, fmt.Errorf("%s writes nothing: name what it writes, Writes[Message]()", what))
	}
	if len(s.sources) == 0 {
		problems = append(problems, fmt.Errorf("%s follows nothing: name its sources, From(entity, …)", what))
	}
	if s.to != "" && !topicPattern.MatchString(s.to) {
		problems = append(problems, fmt.Errorf("%s: To(%q) is no name of a topic: letters, digits, dots, hyphens and underscores, at most 249", what, s.to))
	}
	for _, from := range s.sources {
		if _, topic := from.source(); topic != "" && topic == s.to {
			problems = append(problems, fmt.Errorf("%s follows the topic %s that it writes to, for ever", what, topic))
		}
	}
	return append(append(problems, s.sources.checkTwice(what)...), checkProjectionFailure(what, s.onFailure))
}

// checkTwice tells what is followed twice.
func (s Sources) checkTwice(what string) []error {
	var problems []error
	seen := map[[2]string]bool{}
	for _, source := range s {
		entity, topic := source.source()
		if seen[[2]string{entity, topic}] {
			problems = append(problems, fmt.Errorf("%s follows %s%s twice: its events would count twice", what, entity, topic))
		}
		seen[[2]string{entity, topic}] = true
	}
	return problems
}

// checkProjectionFailure tells which policies there are.
func checkProjectionFailure(what string, policy entities.OnFailure) error {
	if policy != entities.DeadLetter && policy != entities.Stop {
		return fmt.Errorf("%s: OnFailure %q: there are entities.DeadLetter and entities.Stop", what, policy)
	}
	return nil
}

func (s *Stream) bind(_ context.Context, b *binder, m *Model) error {
	behavior := &streamBehavior{name: s.name, sights: b.sights, events: newInbox[writer](b), messages: map[reflect.Type]*posting{}}
	bound := BoundStream{Name: s.name, To: s.to, OnFailure: s.onFailure, Behavior: behavior}
	for _, r := range s.messages {
		written, err := newMessage(b, r)
		if err != nil {
			return err
		}
		behavior.messages[r.goType] = &posting{message: written}
		bound.Messages = append(bound.Messages, written.Message)
	}
	for _, e := range s.eaches {
		read, err := newMessage(b, e.record)
		if err != nil {
			return err
		}
		behavior.events.add(read, e.write)
	}
	bound.Entities, bound.Topics = s.sources.split()
	m.Streams = append(m.Streams, bound)
	return nil
}

// split tells entities from topics.
func (s Sources) split() (entities, topics []string) {
	for _, source := range s {
		if entity, topic := source.source(); entity != "" {
			entities = append(entities, entity)
		} else {
			topics = append(topics, topic)
		}
	}
	return entities, topics
}

// A streamBehavior runs a Stream for the context it is bound to.
type streamBehavior struct {
	name     string
	events   inbox[writer]
	messages map[reflect.Type]*posting
	sights   sights
}

// A posting is a kind of message that is written.
type posting struct {
	*message
	// bytes is the size of the last one.
	bytes atomic.Int64
}

var _ behaviors.Stream = (*streamBehavior)(nil)

func (b *streamBehavior) Wants(eventType string) bool {
	_, ok := b.events.byName[eventType]
	return ok
}

func (b *streamBehavior) Write(ctx context.Context, event *behaviors.Event) (messages []behaviors.Message, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			messages, failure = nil, recovered(cause)
		}
	}()
	kind, data, failure := b.events.open(ctx, event.Type, event.Payload)
	if failure != nil {
		return nil, failure
	}
	written, err := kind.do(data, kind.message, contextOf(event, b.sights))
	if err != nil {
		return nil, asFailure(err)
	}
	for _, w := range written {
		m, err := b.encode(w)
		if err != nil {
			return nil, asFailure(err)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

func (b *streamBehavior) encode(w Written) (behaviors.Message, error) {
	out := b.messages[w.pointee()]
	if out == nil {
		return behaviors.Message{}, fmt.Errorf("projection %s wrote a %T, which is none of its messages: make it with Write, and give NewStream its Writes", b.name, w.Value)
	}
	payload, err := out.encode(w.Value, int(out.bytes.Load()))
	if err != nil {
		return behaviors.Message{}, fmt.Errorf("projection %s: message %s: %w", b.name, out.Name, err)
	}
	out.bytes.Store(int64(len(payload.Data)))
	return behaviors.Message{Key: w.Key, Type: out.Name, Payload: payload}, nil
}

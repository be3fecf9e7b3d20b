package typed

import (
	"context"
	"fmt"
	"reflect"
)

// A MessageType is a struct that is sent or published. [Message] names it.
type MessageType struct{ record record }

// Message is the struct M as what is sent or published.
func Message[M any]() MessageType { return MessageType{recordOf[M]()} }

// A Publication is a topic of the context for whoever subscribes. Entities and subscriptions write to it by [Publish].
type Publication struct {
	name     string
	messages []record
}

// NewPublication declares a publication and its messages. Its name is that of its topic: lower-case letters, digits and hyphens.
func NewPublication(name string, messages ...MessageType) *Publication {
	return &Publication{name: name, messages: recordsOf(messages)}
}

func recordsOf(messages []MessageType) []record {
	records := make([]record, len(messages))
	for i, m := range messages {
		records[i] = m.record
	}
	return records
}

func (p *Publication) records() []record { return p.messages }

func (p *Publication) check() []error {
	problems := []error{checkName(kindPublication, p.name)}
	if len(p.messages) == 0 {
		problems = append(problems, fmt.Errorf("publication %s has no message: give NewPublication a typed.Message[…]()", p.name))
	}
	return append(problems, checkTwice("publication "+p.name+": Message", p.messages, func(r record) reflect.Type { return r.goType })...)
}

func (p *Publication) outline() outline {
	return outline{kind: kindPublication, name: p.name, takes: p.messages}
}

func (p *Publication) bind(_ context.Context, b *binder, m *Model) error {
	bound := BoundPublication{Name: p.name}
	for _, r := range p.messages {
		published, err := newMessage(b, r)
		if err != nil {
			return err
		}
		bound.Messages = append(bound.Messages, published.Message)
	}
	m.Publications = append(m.Publications, bound)
	return nil
}

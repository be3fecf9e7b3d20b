package typed

import (
	"context"
	"fmt"
	"reflect"
)

func (s *Subscription) records() []record {
	all := make([]record, 0, len(s.handles)+len(s.sends))
	for _, h := range s.handles {
		all = append(all, h.record)
	}
	for _, d := range s.sends {
		all = append(all, d.record)
	}
	return all
}

func (s *Subscription) check() []error {
	what := "subscription " + s.name
	problems := []error{checkName(kindSubscription, s.name)}
	problems = append(problems, checkTwice(what+": OnMessage", s.handles, func(h handling) reflect.Type { return h.goType })...)
	if len(s.handles) == 0 {
		problems = append(problems, fmt.Errorf("%s hears no message: give NewSubscription an OnMessage(func(message, typed.MessageContext) typed.Effects)", what))
	}
	if s.topic == "" {
		problems = append(problems, fmt.Errorf("%s names no topic", what))
	}
	if s.start.Latest && !s.start.At.IsZero() {
		problems = append(problems, fmt.Errorf("%s begins with what comes and at %s: it can only be one", what, s.start.At))
	}
	return problems
}

func (s *Subscription) outline() outline {
	return outline{kind: kindSubscription, name: s.name, sends: s.sends}
}

func (s *Subscription) bind(_ context.Context, b *binder, m *Model) error {
	outbox, err := b.newOutbox(s.outline())
	if err != nil {
		return err
	}
	behavior := &subscriptionBehavior{name: s.name, inbox: newInbox[handle](b), outbox: outbox, sights: b.sights}
	for _, h := range s.handles {
		read, err := newMessage(b, h.record)
		if err != nil {
			return err
		}
		behavior.inbox.add(read, h.handle)
	}
	m.Subscriptions = append(m.Subscriptions, BoundSubscription{
		Name: s.name, Topic: string(s.topic), Start: s.start, Messages: behavior.inbox.messages, Behavior: behavior, outbox: outbox,
	})
	return nil
}

package typed

import (
	"context"
	"fmt"
	"reflect"

	"github.com/partita-io/partita/entities"
)

func (e *Entity[S]) records() []record {
	all := []record{e.state}
	for _, c := range e.commands {
		all = append(all, c.record)
	}
	for _, ev := range e.events {
		all = append(all, ev.record)
	}
	for _, d := range e.sends {
		all = append(all, d.record)
	}
	return all
}

func (e *Entity[S]) check() []error {
	what := "entity " + e.name
	problems := []error{checkName("entity", e.name)}
	problems = append(problems, checkTwice(what+": On", e.commands, func(c command[S]) reflect.Type { return c.goType })...)
	problems = append(problems, checkTwice(what+": Apply", e.events, func(ev event[S]) reflect.Type { return ev.goType })...)
	if len(e.commands) == 0 {
		problems = append(problems, fmt.Errorf("%s decides no command: give NewEntity an On(func(%s, command, typed.Context) typed.Effects)", what, e.state.name()))
	}
	if e.remember.Outcomes < 0 || e.remember.For < 0 {
		problems = append(problems, fmt.Errorf("%s: Remember %d outcomes for %v: neither can be negative", what, e.remember.Outcomes, e.remember.For))
	}
	if e.version < 1 {
		problems = append(problems, fmt.Errorf("%s: StateVersion %d: they count from 1", what, e.version))
	}
	if e.onFailure != entities.DeadLetter && e.onFailure != entities.Park {
		problems = append(problems, fmt.Errorf("%s: OnFailure %q: there are entities.DeadLetter and entities.Park", what, e.onFailure))
	}
	if e.initial != nil {
		if _, failure := e.callInitial(); failure != nil {
			problems = append(problems, failure)
		}
	}
	return problems
}

// callInitial asks Initial for a state.
func (e *Entity[S]) callInitial() (state *S, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			state, failure = nil, recovered(cause)
			failure.Message = fmt.Sprintf("entity %s: Initial: %s", e.name, failure.Message)
		}
	}()
	made := e.initial()
	return &made, nil
}

func (e *Entity[S]) bind(_ context.Context, b *binder, m *Model) error {
	state, err := newMessage(b, e.state)
	if err != nil {
		return err
	}
	outbox, err := b.newOutbox(e.outline())
	if err != nil {
		return err
	}
	outbox.answers = kinds[*answering]{}
	behavior := &entityBehavior[S]{
		name: e.name, state: state, refers: refers(e.state.goType), inbox: newInbox[decide[S]](b), events: kinds[*outgoing[S]]{}, outbox: outbox,
		history: newInbox[evolve[S]](b), sights: b.sights,
	}
	if e.initial != nil {
		behavior.initial = e.callInitial
	}
	bound := BoundEntity{
		Name: e.name, State: state.Message, Remember: e.remember, StateVersion: e.version, OnFailure: e.onFailure, Behavior: behavior, outbox: outbox,
	}
	for _, c := range e.commands {
		read, err := newMessage(b, c.record)
		if err != nil {
			return err
		}
		behavior.inbox.add(read, c.decide)
		outbox.answers.add(c.goType, newAnswering(read))
		bound.Commands = append(bound.Commands, read.Message)
	}
	for _, ev := range e.events {
		emitted, err := newMessage(b, ev.record)
		if err != nil {
			return err
		}
		behavior.history.add(emitted, ev.evolve)
		behavior.events.add(ev.goType, &outgoing[S]{written: written{message: emitted}, apply: ev.apply})
		bound.Events = append(bound.Events, emitted.Message)
	}
	m.Entities = append(m.Entities, bound)
	return nil
}

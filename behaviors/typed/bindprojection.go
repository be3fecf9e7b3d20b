package typed

import (
	"context"
	"fmt"
	"reflect"
)

func (p *Projection[R]) records() []record {
	all := []record{p.row}
	for _, f := range p.folds {
		all = append(all, f.record)
	}
	for _, k := range p.keys {
		all = append(all, k.record)
	}
	return all
}

func (p *Projection[R]) check() []error {
	what := "projection " + p.name
	problems := []error{checkName("projection", p.name)}
	problems = append(problems, checkTwice(what+": Fold", p.folds, func(f folding[R]) reflect.Type { return f.goType })...)
	problems = append(problems, checkTwice(what+": Key", p.keys, func(k keying) reflect.Type { return k.goType })...)
	if len(p.folds) == 0 {
		problems = append(problems, fmt.Errorf("%s folds no event: give NewProjection a Fold(func(*%s, event, *typed.EventContext))", what, p.row.name()))
	}
	if len(p.sources) == 0 {
		problems = append(problems, fmt.Errorf("%s follows nothing: name its sources, From(entity, …)", what))
	}
	for _, f := range p.folds {
		if len(p.keys) > 0 && p.keyOf(f.goType) == nil {
			problems = append(problems, fmt.Errorf("%s: event %s needs a Key, as other events have one", what, f.name()))
		}
	}
	for _, s := range p.sources {
		if _, topic := s.source(); topic != "" && len(p.keys) == 0 {
			problems = append(problems, fmt.Errorf("%s follows the topic %s, whose keys may lie on any partition: give its events a Key", what, topic))
		}
	}
	return append(append(problems, p.sources.checkTwice(what)...), checkProjectionFailure(what, p.onFailure))
}

func (p *Projection[R]) keyOf(event reflect.Type) key {
	for _, k := range p.keys {
		if k.goType == event {
			return k.key
		}
	}
	return nil
}

func (p *Projection[R]) bind(ctx context.Context, b *binder, m *Model) error {
	row, err := newMessage(b, p.row)
	if err != nil {
		return err
	}
	behavior := &projectionBehavior[R]{
		ctx: ctx, name: p.name, row: row, events: newInbox[folded[R]](b), rows: newInbox[struct{}](b), keyed: len(p.keys) > 0, sights: b.sights,
	}
	behavior.rows.add(row, struct{}{})
	for _, f := range p.folds {
		read, err := newMessage(b, f.record)
		if err != nil {
			return err
		}
		behavior.events.add(read, folded[R]{fold: f.fold, key: p.keyOf(f.goType)})
	}
	bound := BoundProjection{Name: p.name, Row: row.Message, Keyed: behavior.keyed, OnFailure: p.onFailure, Behavior: behavior}
	bound.Entities, bound.Topics = p.sources.split()
	m.Projections = append(m.Projections, bound)
	return nil
}

package partita

import (
	"context"
	"errors"
	"fmt"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/schemas"
	"github.com/partita-io/partita/service"
)

// bind makes what package service runs of the parts.
func (c Context) bind(ctx context.Context) (*service.Context, error) {
	history := schemas.NewHistory()
	model, err := typed.Bind(ctx, typed.Config{Options: schemas.Options{History: history}, Namespace: c.Namespace}, c.Parts...)
	if err != nil {
		return nil, fmt.Errorf("context %s: %w", c.Name, err)
	}
	t := topics.Context{Name: c.Name, Partitions: c.Partitions}
	s := &service.Context{Topics: t, Specs: []topics.Spec{t.Progress(), t.Schemas(), t.Replies(), t.DeadLetters()}}
	for _, e := range model.Entities {
		s.Specs = append(s.Specs, t.Commands(e.Name), t.Events(e.Name), t.Changelog(e.Name))
		s.Components = append(s.Components, commands.Definition{
			Topics: t, Name: e.Name, Behavior: e.Behavior, Remember: e.Remember,
		}.Component(ctx))
	}
	for _, p := range model.Projections {
		c.addProjection(ctx, s, p)
	}
	for _, m := range model.Schemas.Messages() {
		s.Schemas = append(s.Schemas, admin.Schema{Fingerprint: m.Fingerprint, Name: m.FullName, JSON: m.SchemaJSON})
	}
	s.Adopt = func(written map[uint64]admin.Schema) error { return adopt(model.Schemas, history, written) }
	return s, nil
}

func (c Context) addProjection(ctx context.Context, s *service.Context, p typed.BoundProjection) {
	d := projections.Definition{Topics: s.Topics, Name: p.Name, Behavior: p.Behavior, Keyed: p.Keyed}
	s.Specs = append(s.Specs, s.Topics.Rows(p.Name))
	if p.Keyed {
		s.Specs = append(s.Specs, s.Topics.Repartition(p.Name))
	}
	for _, entity := range p.Entities {
		d.Sources = append(d.Sources, s.Topics.Events(entity).Name)
	}
	for _, topic := range p.Topics {
		d.Sources = append(d.Sources, topic)
		s.Specs = append(s.Specs, topics.External(topic, "followed by "+p.Name))
	}
	s.Components = append(s.Components, d.Component(ctx))
}

// adopt makes the schemas known that values were written under, and refuses structs that could not read them.
func adopt(set *schemas.Set, history *schemas.MemoryHistory, written map[uint64]admin.Schema) error {
	var errs []error
	for fingerprint, old := range written {
		history.Add(fingerprint, old.JSON)
		now, err := set.Lookup(old.Name)
		if err != nil || now.SchemaJSON == old.JSON {
			continue // A record that is gone is read by nobody.
		}
		if err := schemas.Compatible(old.JSON, now.SchemaJSON); err != nil {
			errs = append(errs, fmt.Errorf("record %s: what was written under its schema %016x could not be read any more: %w "+
				"(an added field needs a default in its tag)", old.Name, fingerprint, err))
		}
	}
	return errors.Join(errs...)
}

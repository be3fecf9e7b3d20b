package partita

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/pubsub"
	"github.com/partita-io/partita/replicated"
	"github.com/partita-io/partita/schemas"
	"github.com/partita-io/partita/service"
)

// A bound context is one whose parts fit together.
type bound struct {
	topics  topics.Context
	model   *typed.Model
	history *schemas.MemoryHistory
	// prepare and register are nil without a registry.
	prepare  behaviors.Prepare
	register func(context.Context) error
}

// bind checks the parts. Without a registry that can be asked, the error tells of the parts all the same.
func (c Context) bind(ctx context.Context, registryURL string) (*bound, error) {
	b := &bound{topics: topics.Context{Name: c.Name, Partitions: c.Partitions}, history: schemas.NewHistory()}
	options := schemas.Options{History: b.history, Encoding: c.Encoding}
	var problem error
	if registryURL != "" {
		if options.Registry, problem = schemas.NewRegistry(registryURL); problem != nil {
			problem = fmt.Errorf("Options.Registry: %w", problem)
		}
	}
	model, err := typed.Bind(ctx, typed.Config{Options: options, Namespace: c.Namespace}, c.Parts...)
	if err == nil {
		err = errors.Join(c.checkTargets(model.Streams), checkSubscribed(b.topics, model), checkTables(b.topics, model), checkReplicas(model))
	}
	if err := errors.Join(problem, err); err != nil {
		return nil, err
	}
	b.model = model
	if options.Registry != nil {
		b.prepare, b.register = model.Codec.Prepare, model.Codec.Register
	}
	return b, nil
}

// checkTargets tells which streams write to topics of the context that are not their own.
func (c Context) checkTargets(streams []typed.BoundStream) error {
	var errs []error
	for _, s := range streams {
		if own := c.Name + "." + s.Name; s.To != own && strings.HasPrefix(s.To, c.Name+".") {
			errs = append(errs, fmt.Errorf("projection %s: topic %s is this context's: leave To out for %s, or name a topic of others", s.Name, s.To, own))
		}
	}
	return errors.Join(errs...)
}

// context is what package service runs.
func (b *bound) context(ctx context.Context) *service.Context {
	t := b.topics
	s := &service.Context{
		Topics: t, Specs: []topics.Spec{t.Progress(), t.Schemas(), t.Replies(), t.DeadLetters(), t.Parked(), t.Operations(), t.Control()}, Register: b.register,
		Version: buildVersion(),
		Adopt:   func(written map[uint64]admin.Schema) error { return adopt(b.model, b.history, written) },
	}
	b.addReplicated(s)
	for _, e := range b.model.Entities {
		s.Specs = append(s.Specs, t.Commands(e.Name), t.Events(e.Name), t.Changelog(e.Name))
		s.Components = append(s.Components, commands.Definition{
			Topics: t, Name: e.Name, Behavior: e.Behavior, Remember: e.Remember, StateVersion: e.StateVersion, OnFailure: e.OnFailure, Prepare: b.prepare,
			Replicated: s.Replicated, Version: s.Version, CacheBytes: commands.CachesBytes / (len(b.model.Entities) * int(t.Partitions)),
		}.Component(ctx))
	}
	for _, p := range b.model.Publications {
		s.Specs = append(s.Specs, t.Publication(p.Name))
	}
	for _, sub := range b.model.Subscriptions {
		addExternal(s, sub.Topic, "subscribed to by "+sub.Name)
		s.Components = append(s.Components, pubsub.Subscription{
			Topics: t, Name: sub.Name, Topic: sub.Topic, Start: startOf(sub.Start), Behavior: sub.Behavior, Prepare: b.prepare, Version: s.Version,
		}.Component(ctx))
	}
	for _, p := range b.model.Projections {
		b.addProjection(ctx, s, p)
	}
	for _, p := range b.model.Streams {
		b.addStream(ctx, s, p)
	}
	b.addTables(ctx, s)
	for _, m := range b.model.Schemas.Messages() {
		s.Schemas = append(s.Schemas, admin.Schema{Fingerprint: m.Fingerprint, Name: m.FullName, JSON: m.SchemaJSON})
	}
	return s
}

func (b *bound) addProjection(ctx context.Context, s *service.Context, p typed.BoundProjection) {
	d := projections.Definition{
		Topics: s.Topics, Name: p.Name, Behavior: p.Behavior, Keyed: p.Keyed, OnFailure: p.OnFailure, Prepare: b.prepare, Version: s.Version,
		CacheBytes: projections.CachesBytes / (len(b.model.Projections) * int(s.Topics.Partitions)),
	}
	s.Specs = append(s.Specs, s.Topics.Rows(p.Name))
	if p.Keyed {
		s.Specs = append(s.Specs, s.Topics.Repartition(p.Name))
	}
	d.Sources = followed(s, p.Name, p.Entities, p.Topics)
	// What Go code computes has no hash: that it changes is for those to say who change it.
	s.Projections = append(s.Projections, service.Projection{Name: p.Name, Keyed: p.Keyed, Component: func(version int) partitions.Component {
		d := d
		d.Number = version
		return d.Component(ctx)
	}})
}

func (b *bound) addStream(ctx context.Context, s *service.Context, p typed.BoundStream) {
	to := s.Topics.Messages(p.Name)
	if p.To != "" && p.To != to.Name {
		to = topics.External(p.To, "written by "+p.Name)
	}
	s.Specs = append(s.Specs, to)
	d := projections.Stream{
		Topics: s.Topics, Name: p.Name, Behavior: p.Behavior, Prepare: b.prepare, Sources: followed(s, p.Name, p.Entities, p.Topics), To: to.Name,
		OnFailure: p.OnFailure, Version: s.Version,
	}
	s.Components = append(s.Components, d.Component(ctx))
}

func (b *bound) addReplicated(s *service.Context) {
	values := b.model.Replicated
	if len(values.Types) == 0 {
		return
	}
	topic := s.Topics.Replicated()
	s.Specs = append(s.Specs, topic)
	s.Replicated = replicated.New(values.Types, topic.Name)
	values.Connect(s.Replicated.View)
}

// checkReplicas refuses entities whose tasks would be the same replicas.
func checkReplicas(m *typed.Model) error {
	if len(m.Replicated.Types) == 0 {
		return nil
	}
	names := make([]string, len(m.Entities))
	for i, e := range m.Entities {
		names[i] = e.Name
	}
	if one, other, ok := replicated.Clash(names); ok {
		return fmt.Errorf("entities %s and %s would be the same replicas of replicated values: give one of them another name", one, other)
	}
	return nil
}

func (b *bound) addTables(ctx context.Context, s *service.Context) {
	for _, t := range b.model.Tables {
		if !strings.HasPrefix(t.Topic, s.Topics.Name+".") {
			addExternal(s, t.Topic, "read by table "+t.Name)
		}
		content := pubsub.NewTable(pubsub.TableDefinition{
			Name: t.Name, Topic: t.Topic, Latest: t.Latest, MaxBytes: t.MaxBytes, Row: t.Row.Name, Prepare: b.prepare,
			Decode: func(payload entities.Payload) ([]byte, *entities.Failure) { return t.Decode(ctx, payload) },
		})
		t.Connect(content)
		s.Tables = append(s.Tables, content)
	}
}

// checkTables refuses topics of the context that hold no rows.
func checkTables(t topics.Context, m *typed.Model) error {
	var open []string
	for _, p := range m.Projections {
		open = append(open, t.Rows(p.Name).Name)
	}
	for _, p := range m.Streams {
		open = append(open, t.Messages(p.Name).Name)
	}
	for _, p := range m.Publications {
		open = append(open, t.Publication(p.Name).Name)
	}
	var problems []error
	for _, table := range m.Tables {
		if strings.HasPrefix(table.Topic, t.Name+".") && !slices.Contains(open, table.Topic) {
			problems = append(problems, fmt.Errorf("table %s: topic %s is this context's own: of its topics those of projections and publications can be tables: %s",
				table.Name, table.Topic, strings.Join(open, ", ")))
		}
	}
	return errors.Join(problems...)
}

// followed are the topics that a projection follows; those of others must be there.
func followed(s *service.Context, projection string, entities, foreign []string) []string {
	var sources []string
	for _, entity := range entities {
		sources = append(sources, s.Topics.Events(entity).Name)
	}
	for _, topic := range foreign {
		sources = append(sources, topic)
		addExternal(s, topic, "followed by "+projection)
	}
	return sources
}

// addExternal adds a topic of others. Several parts may read one, and a subscription one of this context.
func addExternal(s *service.Context, topic, purpose string) {
	if !slices.ContainsFunc(s.Specs, func(known topics.Spec) bool { return known.Name == topic }) {
		s.Specs = append(s.Specs, topics.External(topic, purpose))
	}
}

// startOf is a subscription's beginning as the engine has it.
func startOf(s typed.Start) partitions.Start {
	switch {
	case s.Latest:
		return partitions.Start{From: partitions.FromLatest}
	case !s.At.IsZero():
		return partitions.Start{From: partitions.FromTime, TimeMS: s.At.UnixMilli()}
	}
	return partitions.Start{From: partitions.FromEarliest}
}

// checkSubscribed refuses topics of the context that are not for subscribers.
func checkSubscribed(t topics.Context, m *typed.Model) error {
	var open []string
	for _, p := range m.Publications {
		open = append(open, t.Publication(p.Name).Name)
	}
	for _, e := range m.Entities {
		open = append(open, t.Events(e.Name).Name)
	}
	var problems []error
	for _, s := range m.Subscriptions {
		if strings.HasPrefix(s.Topic, t.Name+".") && !slices.Contains(open, s.Topic) {
			problems = append(problems, fmt.Errorf("subscription %s: topic %s is this context's own: of its topics the publications and the events of its "+
				"entities can be subscribed to: %s", s.Name, s.Topic, strings.Join(open, ", ")))
		}
	}
	return errors.Join(problems...)
}

// adopt makes the schemas known that values were written under, and refuses structs that could not read them, unless there is an upcast.
func adopt(model *typed.Model, history *schemas.MemoryHistory, written map[uint64]admin.Schema) error {
	var errs []error
	for fingerprint, old := range written {
		history.Add(fingerprint, old.JSON)
		now, err := model.Schemas.Lookup(old.Name)
		if err != nil || now.SchemaJSON == old.JSON {
			continue // A record that is gone is read by nobody.
		}
		if err := schemas.Compatible(old.JSON, model.Reader(now, fingerprint).SchemaJSON); err != nil {
			errs = append(errs, fmt.Errorf("record %s: what was written under its schema %016x could not be read any more: %w "+
				"(an added field needs a default in its tag; what Avro or Confluent has can be brought to another shape by typed.Upcast)%s", old.Name, fingerprint, err,
				otherUpcast(model, old)))
		}
	}
	return errors.Join(errs...)
}

// otherUpcast tells that there is an upcast of the record, and that it is not from this.
func otherUpcast(model *typed.Model, old admin.Schema) string {
	for _, was := range model.Older {
		if was.FullName == old.Name && was.Fingerprint != old.Fingerprint {
			return "; the struct that an upcast has of it describes another shape than " + old.JSON
		}
	}
	return ""
}

package contexts

import (
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

func (l *loader) entities(file declared) {
	for _, e := range file.entities {
		l.entity(e)
	}
}

// entity checks what an entity refers to. It joins the model also when something of it is wrong, so that what refers to it is checked too.
func (l *loader) entity(e declaredEntity) {
	what := "entity " + e.name.string
	entity := Entity{
		Name:         e.name.string,
		State:        l.defaulted(e.state, what+": state"),
		Commands:     l.records(e.commands, what+": command"),
		Events:       l.records(e.events, what+": event"),
		Remember:     e.remember,
		StateVersion: e.version,
		OnFailure:    e.onFailure,
	}
	entity.unclear = e.unclear || len(entity.Commands) < len(e.commands) || len(entity.Events) < len(e.events)
	if l.script(e.behavior, what) && entity.State != nil {
		l.entityScripts = append(l.entityScripts, script{index: len(l.context.Entities), file: e.behavior.string, what: what})
	}
	l.context.Entities = append(l.context.Entities, entity)
}

func (l *loader) projections(file declared) {
	for _, p := range file.projections {
		l.projection(p)
	}
}

func (l *loader) projection(p declaredProjection) {
	what := "projection " + p.name.string
	projection := Projection{Name: p.name.string, Row: l.defaulted(p.row, what+": row"), OnFailure: p.onFailure, ByTime: p.byTime, Keyed: p.kind == table}
	for _, from := range p.from {
		source, ok := l.source(from, what)
		if slices.ContainsFunc(projection.Sources, func(s Source) bool { return s.Topic == source.Topic }) {
			l.complain(from.place(), "%s: from: %s is named twice: its events would count twice", what, source.Topic)
		} else if ok {
			projection.Sources = append(projection.Sources, source)
		}
	}
	if len(p.from) == 0 && p.name.node != nil {
		l.complain(p.name.node, "%s: from names nothing: a projection follows at least one entity or topic", what)
	}
	if p.kind == stream {
		projection.Stream = l.stream(p, projection.Sources)
	}
	// Of what follows something unknown, no function can be told to be missing or too many.
	known := len(p.from) > 0 && len(projection.Sources) == len(p.from)
	writes := projection.Row != nil || projection.Stream != nil && len(projection.Stream.Messages) == len(p.messages)
	if l.script(p.behavior, what) && known && writes {
		l.projectionScripts = append(l.projectionScripts,
			script{index: len(l.context.Projections), file: p.behavior.string, what: what, key: p.key, from: p.from})
	}
	l.context.Projections = append(l.context.Projections, projection)
}

func (l *loader) source(from declaredSource, what string) (Source, bool) {
	if from.topic.node != nil {
		own := l.context.Name + "."
		if strings.HasPrefix(from.topic.string, own) {
			l.complain(from.topic.node, "%s: from: topic %s is this context's own: name the entity", what, from.topic.string)
			return Source{}, false
		}
		return Source{Topic: from.topic.string, Key: from.key.string}, true
	}
	e := l.context.Entity(from.entity.string)
	if e == nil {
		l.complain(from.entity.node, "%s: from: there is no entity %s%s", what, from.entity.string,
			spelling.DidYouMean(from.entity.string, l.context.entityNames()))
		return Source{}, false
	}
	return Source{Entity: e.Name, Topic: l.context.TopicContext().Events(e.Name).Name, Key: from.key.string}, true
}

// events are those that a projection may have functions for: of its entities, or any record where it follows a foreign topic.
func (l *loader) events(p *Projection) []*schemas.Message {
	var events []*schemas.Message
	for _, s := range p.Sources {
		if s.Entity == "" {
			return l.schemas.Messages()
		}
		for _, m := range l.context.Entity(s.Entity).Events {
			if !slices.Contains(events, m) {
				events = append(events, m)
			}
		}
	}
	return events
}

// wanted are the events that the projection has functions for.
func (l *loader) wanted(p *Projection) []*schemas.Message {
	return slices.DeleteFunc(slices.Clone(l.events(p)), func(m *schemas.Message) bool { return !p.Behavior.Wants(m.Name) })
}

// keyFits wants the key to be a field of every event that the projection has a function for.
func (l *loader) keyFits(s script, p *Projection) bool {
	var lacking []string
	var common []string // These would do as a key.
	for i, m := range l.wanted(p) {
		if i == 0 {
			common = fieldNames(m.Type)
		}
		common = slices.DeleteFunc(common, func(field string) bool { return m.Type.FieldIndex(field) < 0 })
		if m.Type.FieldIndex(s.key.string) < 0 {
			lacking = append(lacking, m.Name)
		}
	}
	if len(lacking) == 0 {
		return true
	}
	mend := spelling.DidYouMean(s.key.string, common)
	if mend == "" {
		mend = ": leave key out and write key_ functions"
	}
	l.complain(s.key.node, "%s: key %s is no field of %s%s", s.what, s.key.string, strings.Join(lacking, ", "), mend)
	return false
}

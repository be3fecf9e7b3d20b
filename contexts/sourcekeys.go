package contexts

import (
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// sourceKeys are the fields that key events of single sources, by topic; nil when no source has a key of its own.
func (p *Projection) sourceKeys() map[string]string {
	var keys map[string]string
	for _, s := range p.Sources {
		if s.Key != "" {
			if keys == nil {
				keys = map[string]string{}
			}
			keys[s.Topic] = s.Key
		}
	}
	return keys
}

// keysFit wants keys to be fields of the events that they are for: every event of an entity that the projection has a function for, and every event of
// other topics in one of these.
func (l *loader) keysFit(s script, p *Projection) bool {
	if p.sourceKeys() == nil {
		return s.key.node == nil || l.keyFits(s, p)
	}
	before := len(l.problems)
	foreign := l.wanted(p)
	for i, source := range p.Sources {
		if source.Entity == "" {
			continue
		}
		events := slices.DeleteFunc(l.wanted(p), func(m *schemas.Message) bool { return !slices.Contains(l.context.Entity(source.Entity).Events, m) })
		foreign = slices.DeleteFunc(foreign, func(m *schemas.Message) bool { return slices.Contains(events, m) })
		l.keyOfAll(s, s.keyOf(i), events)
	}
	for _, m := range foreign {
		l.keyOfOne(s, p, m)
	}
	return len(l.problems) == before
}

// keyOf is the key of the source with this index.
func (s script) keyOf(source int) text {
	if own := s.from[source].key; own.node != nil {
		return own
	}
	return s.key
}

// keyOfAll wants the key to be a field of all these events.
func (l *loader) keyOfAll(s script, key text, events []*schemas.Message) {
	for _, m := range events {
		if key.node != nil && m.Type.FieldIndex(key.string) < 0 {
			l.complain(key.node, "%s: key %s is no field of %s%s", s.what, key.string, m.Name, meantOrThere(key.string, fieldNames(m.Type)))
		}
	}
}

// keyOfOne wants an event that no entity has to have the key of one of the topics: which one it is in cannot be told.
func (l *loader) keyOfOne(s script, p *Projection, m *schemas.Message) {
	var lacking []string
	var at text
	for i, source := range p.Sources {
		key := s.keyOf(i)
		switch {
		case source.Entity != "":
		case key.node == nil || m.Type.FieldIndex(key.string) >= 0:
			return
		default:
			lacking, at = append(lacking, key.string), key
		}
	}
	if at.node != nil {
		l.complain(at.node, "%s: key %s is no field of %s%s", s.what, strings.Join(lacking, " or "), m.Name, spelling.DidYouMean(at.string, fieldNames(m.Type)))
	}
}

package contexts

import (
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/replicated"
)

// Values are the context's replicated values; nil if it declares none.
func (c *Context) Values() *replicated.Values { return c.values }

type declaredValue struct {
	name, kind text
}

func (d *document) readValue(e entry) declaredValue {
	what := "replicated value " + e.key.string
	f := d.fields(e.value, what, "type")
	return declaredValue{name: e.key, kind: d.required(f, e.key.node, what, "type")}
}

func (l *loader) replicated(file declared) {
	if len(file.replicated) == 0 {
		return
	}
	c := l.context
	c.Replicated = make(map[string]crdt.Type, len(file.replicated))
	for _, v := range file.replicated {
		if v.kind.node == nil {
			continue
		}
		t, err := crdt.ParseType(v.kind.string)
		if err != nil {
			l.complain(v.kind.node, "replicated value %s: %v", v.name.string, err)
			continue
		}
		c.Replicated[v.name.string] = t
	}
	if one, other, ok := replicated.Clash(c.entityNames()); ok {
		l.complain(file.replicated[0].name.node, "replicated: entities %s and %s would be the same replicas: give one of them another name", one, other)
	}
	c.values = replicated.New(c.Replicated, c.TopicContext().Replicated().Name)
}

// scriptReplicated are the values as scripts read them.
func (c *Context) scriptReplicated() starlark.Replicated {
	r := starlark.Replicated{Types: c.Replicated}
	if c.values != nil {
		r.Views = c.values.View
	}
	return r
}

// checkReplicated wants the names of a test's replicated values to be declared.
func (r testReader) checkReplicated(n *yaml.Node) {
	for _, e := range r.entries(n, "replicated") {
		if _, ok := r.context.Replicated[e.key.string]; !ok {
			known := slices.Collect(maps.Keys(r.context.Replicated))
			r.complain(e.key.node, "replicated: there is no value %s%s", e.key.string, spelling.DidYouMean(e.key.string, known))
		}
	}
}

// changed are the values that a test's command has changed, from nothing.
func (c *Context) changed(changes []entities.Change) (map[string]any, error) {
	contributions := map[string]crdt.Contribution{}
	for _, change := range changes {
		t := c.Replicated[change.Value]
		own, ok := contributions[change.Value]
		if !ok {
			own = crdt.New(t, 0)
		}
		seen, err := crdt.Fold(t, own)
		if err == nil {
			own, err = own.Apply(change.Operation, seen)
		}
		if err != nil {
			return nil, fmt.Errorf("replicated value %s: %w", change.Value, err)
		}
		contributions[change.Value] = own
	}
	values := make(map[string]any, len(contributions))
	for name, own := range contributions {
		view, err := crdt.Fold(own.Type(), own)
		if err != nil {
			return nil, fmt.Errorf("replicated value %s: %w", name, err)
		}
		if values[name], err = parseJSON(view.AppendValue(nil)); err != nil {
			return nil, fmt.Errorf("showing %s: %w", name, err)
		}
	}
	return values, nil
}

package contexts

import (
	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/crdt"
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
		// A value whose type is wrong, or missing, is there all the same, of no type, so that what refers to it is not complained about too.
		t, err := crdt.ParseType(v.kind.string)
		if err != nil && v.kind.node != nil {
			l.complain(v.kind.node, "replicated value %s: %v", v.name.string, err)
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

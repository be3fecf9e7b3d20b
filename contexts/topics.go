package contexts

import (
	"strings"

	"github.com/partita-io/partita/kafka/topics"
)

// TopicContext is what the context's topics have in common, for package topics.
func (c *Context) TopicContext() topics.Context {
	return topics.Context{Name: c.Name, Partitions: c.Partitions, Folder: c.Dir}
}

// Topics are all topics that the context needs, those of others included.
func (c *Context) Topics() []topics.Spec {
	t := c.TopicContext()
	specs := []topics.Spec{t.Progress(), t.Schemas(), t.Replies(), t.DeadLetters(), t.Parked(), t.Operations(), t.Control()}
	for _, e := range c.Entities {
		specs = append(specs, t.Commands(e.Name), t.Events(e.Name), t.Changelog(e.Name))
	}
	if len(c.Replicated) > 0 {
		specs = append(specs, t.Replicated())
	}
	for _, p := range c.Publications {
		specs = append(specs, t.Publication(p.Name))
	}
	foreign := map[string]bool{}
	for _, s := range c.Subscriptions {
		if !foreign[s.Topic] {
			foreign[s.Topic] = true
			specs = append(specs, topics.External(s.Topic, "subscribed to by "+s.Name))
		}
	}
	for _, table := range c.Tables {
		if !strings.HasPrefix(table.Topic, c.Name+".") && !foreign[table.Topic] {
			foreign[table.Topic] = true
			specs = append(specs, topics.External(table.Topic, "read by table "+table.Name))
		}
	}
	for _, p := range c.Projections {
		if p.Stream == nil {
			specs = append(specs, t.Rows(p.Name))
		} else if spec := p.Stream.spec(t, p.Name); !foreign[spec.Name] {
			foreign[spec.Name] = spec.External
			specs = append(specs, spec)
		}
		if p.Keyed {
			specs = append(specs, t.Repartition(p.Name))
		}
		for _, s := range p.Sources {
			if s.Entity == "" && !foreign[s.Topic] {
				foreign[s.Topic] = true
				specs = append(specs, topics.External(s.Topic, "followed by "+p.Name))
			}
		}
	}
	return specs
}

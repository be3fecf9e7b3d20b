package contexts

import (
	"context"

	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
)

// entityCachesBytes is what all caches of decoded entities together may take, when one process owns all shards.
const entityCachesBytes = 48 << 20

// Components are the processors of the folder: one for each entity type and each projection. What they ask a behaviour ends with ctx.
func (c *Context) Components(ctx context.Context) []partitions.Component {
	var all []partitions.Component
	for i := range c.Entities {
		e := &c.Entities[i]
		all = append(all, commands.Definition{
			Topics: c.TopicContext(), Name: e.Name, Behavior: e.Behavior, Remember: e.Remember, Version: c.Hash,
			CacheBytes: entityCachesBytes / (len(c.Entities) * int(c.Partitions)),
		}.Component(ctx))
	}
	for i := range c.Projections {
		p := &c.Projections[i]
		d := projections.Definition{Topics: c.TopicContext(), Name: p.Name, Behavior: p.Behavior, Keyed: p.Keyed, Version: c.Hash}
		for _, s := range p.Sources {
			d.Sources = append(d.Sources, s.Topic)
		}
		all = append(all, d.Component(ctx))
	}
	return all
}

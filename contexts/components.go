package contexts

import (
	"context"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/pubsub"
)

// entityCachesBytes is what all caches of decoded entities together may take, when one process owns all shards.
const entityCachesBytes = 48 << 20

// Components are the processors of the folder: one for each entity type and each projection. What they ask a behaviour ends with ctx.
func (c *Context) Components(ctx context.Context) []partitions.Component {
	var all []partitions.Component
	for i := range c.Entities {
		e := &c.Entities[i]
		all = append(all, commands.Definition{
			Topics: c.TopicContext(), Name: e.Name, Behavior: e.Behavior, Remember: e.Remember, StateVersion: e.StateVersion, OnFailure: e.OnFailure, Version: c.Hash,
			Replicated: c.values, CacheBytes: entityCachesBytes / (len(c.Entities) * int(c.Partitions)), Prepare: c.prepare(),
		}.Component(ctx))
	}
	for i := range c.Projections {
		all = append(all, c.projection(ctx, &c.Projections[i]))
	}
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		all = append(all, pubsub.Subscription{
			Topics: c.TopicContext(), Name: s.Name, Topic: s.Topic, Start: s.Start.place(), Behavior: s.Behavior, Version: c.Hash, Prepare: c.prepare(),
		}.Component(ctx))
	}
	return all
}

func (c *Context) projection(ctx context.Context, p *Projection) partitions.Component {
	var sources []string
	for _, s := range p.Sources {
		sources = append(sources, s.Topic)
	}
	if s := p.Stream; s != nil {
		return projections.Stream{
			Topics: c.TopicContext(), Name: p.Name, Behavior: s.Behavior, Sources: sources, To: s.To, OnFailure: p.OnFailure, Version: c.Hash,
			Prepare: c.prepare(),
		}.Component(ctx)
	}
	return projections.Definition{
		Topics: c.TopicContext(), Name: p.Name, Behavior: p.Behavior, Sources: sources, Keyed: p.Keyed, OnFailure: p.OnFailure, Version: c.Hash,
		Prepare: c.prepare(),
	}.Component(ctx)
}

// prepare waits for the schemas of what is read, where there is a registry to ask.
func (c *Context) prepare() behaviors.Prepare {
	if c.Registry == "" {
		return nil
	}
	return c.Codec.Prepare
}

package contexts

import (
	"context"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/commands"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/pubsub"
)

// Components are the processors of the folder that always run: one for each entity type, each subscription and each stream. Of tables there may be several
// versions, see [Context.TableComponent]. What they ask a behaviour ends with ctx.
func (c *Context) Components(ctx context.Context) []partitions.Component {
	var all []partitions.Component
	for i := range c.Entities {
		e := &c.Entities[i]
		all = append(all, commands.Definition{
			Topics: c.TopicContext(), Name: e.Name, Behavior: e.Behavior, Remember: e.Remember, StateVersion: e.StateVersion, OnFailure: e.OnFailure, Version: c.Hash,
			Replicated: c.values, CacheBytes: commands.CachesBytes / (len(c.Entities) * int(c.Partitions)), Prepare: c.prepare(),
		}.Component(ctx))
	}
	for i := range c.Projections {
		if p := &c.Projections[i]; p.Stream != nil {
			all = append(all, c.streamComponent(ctx, p))
		}
	}
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		all = append(all, pubsub.Subscription{
			Topics: c.TopicContext(), Name: s.Name, Topic: s.Topic, Start: s.Start.place(), Behavior: s.Behavior, Version: c.Hash, Prepare: c.prepare(),
		}.Component(ctx))
	}
	return all
}

func (c *Context) streamComponent(ctx context.Context, p *Projection) partitions.Component {
	return projections.Stream{
		Topics: c.TopicContext(), Name: p.Name, Behavior: p.Stream.Behavior, Sources: p.sourceTopics(), To: p.Stream.To, OnFailure: p.OnFailure,
		Version: c.Hash, Prepare: c.prepare(),
	}.Component(ctx)
}

// TableComponent is the processor of a version of a table.
func (c *Context) TableComponent(ctx context.Context, p *Projection, version int) partitions.Component {
	return projections.Definition{
		Topics: c.TopicContext(), Name: p.Name, Number: version, Behavior: p.Behavior, Sources: p.sourceTopics(), Keyed: p.Keyed, OnFailure: p.OnFailure,
		Version: c.Hash, Prepare: c.prepare(), CacheBytes: projections.CachesBytes / (len(c.Projections) * int(c.Partitions)),
	}.Component(ctx)
}

func (p *Projection) sourceTopics() []string {
	var topics []string
	for _, s := range p.Sources {
		topics = append(topics, s.Topic)
	}
	return topics
}

// prepare waits for the schemas of what is read, where there is a registry to ask.
func (c *Context) prepare() behaviors.Prepare {
	if c.Registry == "" {
		return nil
	}
	return c.Codec.Prepare
}

package service

import (
	"context"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/pubsub"
	"github.com/partita-io/partita/replicated"
)

// A Context is a bounded context as this package needs it.
type Context struct {
	// Topics is what the topics have in common: the context's name, its number of shards, its folder.
	Topics topics.Context
	// Specs are the topics it needs as long as no projection was ever rebuilt; see [Context.SpecsOf].
	Specs []topics.Spec
	// Schemas are those that values are written under, for readers of its topics.
	Schemas []admin.Schema
	// Adopt is given the schemas that values were written under up to now, before any value is read. It returns a complaint for each that
	// today's schemas cannot read. It may be nil.
	Adopt func(written map[uint64]admin.Schema) error
	// Register makes the schemas known to a registry, before any value is written. It may be nil.
	Register func(ctx context.Context) error
	// Components are those that always run.
	Components []partitions.Component
	// Projections are the tables: versions of them run beside Components. Specs has the topics of their first versions.
	Projections []Projection
	// Replicated are the context's replicated values; nil for none.
	Replicated *replicated.Values
	// Tables are what every instance of the context has whole.
	Tables []*pubsub.Table
	// Version tells this folder, or this build, from another.
	Version string
}

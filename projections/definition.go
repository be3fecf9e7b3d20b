package projections

import (
	"context"
	"slices"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A Definition is one table projection of a context.
type Definition struct {
	// Topics is the context's name and number of partitions.
	Topics topics.Context
	Name   string
	// Number is that of the projection's version; 0 for 1.
	Number   int
	Behavior behaviors.Projection
	// Prepare is called for each event and each stored row before Behavior sees it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// Sources are the topics of events that it follows.
	Sources []string
	// Keyed tells that Behavior's Key decides the row. Otherwise it is the entity's id, and events are folded where they are.
	Keyed bool
	// OnFailure is DeadLetter, the default, or Stop.
	OnFailure entities.OnFailure
	// Version tells which behaviour could not process a dead letter.
	Version string
	// MaxRecordBytes bounds a row and a dead letter, headers included. Default 1,000,000 less what Kafka itself adds: what clients and brokers take
	// unless they are told otherwise.
	MaxRecordBytes int
	// CacheBytes bounds the rows that one shard keeps in memory. Default: a shard's part of [CachesBytes].
	CacheBytes int
}

// CachesBytes is what all caches of rows together should take, when one process owns all shards and no table is being rebuilt.
const CachesBytes = 32 << 20

const (
	defaultMaxRecordBytes = 1_000_000 - 4096
	maxKeyBytes           = 1024
)

// Component makes the component that runs the projection.
func (d Definition) Component(ctx context.Context) partitions.Component {
	if d.MaxRecordBytes == 0 {
		d.MaxRecordBytes = defaultMaxRecordBytes
	}
	if d.CacheBytes == 0 {
		d.CacheBytes = CachesBytes / int(d.Topics.Partitions)
	}
	d.Sources = slices.Clone(d.Sources)
	c := partitions.Component{
		Name:      d.component(),
		Of:        d.Name,
		Side:      partitions.ReadSide,
		Changelog: d.Topics.Rows(d.component()).Name,
		New:       func(shard int32) partitions.Processor { return newProcessor(ctx, d, shard) },
	}
	for _, topic := range d.Sources {
		c.Inputs = append(c.Inputs, partitions.Input{Topic: topic})
	}
	if d.Keyed {
		c.Inputs = append(c.Inputs, partitions.Input{Topic: d.Topics.Repartition(d.component()).Name, Purge: true})
	}
	return c
}

// component is what the version is called where it stands beside others: its tasks, its topics, its dead letters.
func (d *Definition) component() string { return control.Component(d.Name, max(d.Number, 1)) }

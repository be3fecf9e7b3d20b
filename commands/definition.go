package commands

import (
	"context"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A Definition is one entity type of a context.
type Definition struct {
	// Topics is the context's name and number of partitions.
	Topics topics.Context
	// Name is the entity type ("cart").
	Name     string
	Behavior behaviors.Entity
	Remember entities.Remember
	// Version tells which behaviour could not process a dead letter: the folder's hash or a release.
	Version string
	// MaxRecordBytes bounds an event, a stored entity and a dead letter, headers included. Default 1 MiB less what Kafka itself adds.
	MaxRecordBytes int
	// CacheBytes bounds the decoded entities that one shard keeps. Default 16 MiB.
	CacheBytes int
}

const (
	defaultMaxRecordBytes = 1<<20 - 4096
	defaultCacheBytes     = 16 << 20
	maxKeyBytes           = 1024
)

// Component makes the component that runs the entity type.
func (d Definition) Component(ctx context.Context) partitions.Component {
	if d.MaxRecordBytes == 0 {
		d.MaxRecordBytes = defaultMaxRecordBytes
	}
	if d.CacheBytes == 0 {
		d.CacheBytes = defaultCacheBytes
	}
	return partitions.Component{
		Name:      d.Name,
		Side:      partitions.WriteSide,
		Inputs:    []partitions.Input{{Topic: d.Topics.Commands(d.Name).Name}},
		Changelog: d.Topics.Changelog(d.Name).Name,
		New:       func(shard int32) partitions.Processor { return newProcessor(ctx, d, shard) },
	}
}

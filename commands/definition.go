package commands

import (
	"context"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
)

// A Definition is one entity type of a context.
type Definition struct {
	// Topics is the context's name and number of partitions.
	Topics topics.Context
	// Name is the entity type ("cart").
	Name     string
	Behavior behaviors.Entity
	// Prepare is called for each command before Behavior decides it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// StateVersion counts the meanings that states have had, from 1, the default. With another one than that which stored states were computed by they
	// are computed anew from their events, before commands are decided.
	StateVersion int64
	Remember     entities.Remember
	// Replicated are the context's replicated values; nil for none.
	Replicated *replicated.Values
	// OnFailure is what becomes of commands that fail; dead letters by default.
	OnFailure entities.OnFailure
	// Version tells which behaviour could not process a dead letter: the folder's hash or a release.
	Version string
	// MaxRecordBytes bounds an event, a stored entity, an answer and a dead letter, headers included. Default 1,000,000 less what Kafka itself
	// adds: what clients and brokers take unless they are told otherwise.
	MaxRecordBytes int
	// CacheBytes bounds the decoded entities that one shard keeps; while commands are decided they may take a quarter more. Default: a shard's part of
	// [CachesBytes].
	CacheBytes int
	// ReleaseCommands is how many waiting commands of a parked entity one window decides at most, together of no more than 1 MiB; the rest goes on in
	// another, so that memory stays bounded and other entities have their turn. Default 200.
	ReleaseCommands int
}

// CachesBytes is what all caches of decoded entities together should take, when one process owns all shards.
const CachesBytes = 64 << 20

const (
	defaultMaxRecordBytes = 1_000_000 - 4096
	maxKeyBytes           = 1024

	defaultReleaseCommands = 200
	releasedMostBytes      = 1 << 20
)

// Component makes the component that runs the entity type.
func (d Definition) Component(ctx context.Context) partitions.Component {
	if d.MaxRecordBytes == 0 {
		d.MaxRecordBytes = defaultMaxRecordBytes
	}
	if d.CacheBytes == 0 {
		d.CacheBytes = CachesBytes / int(d.Topics.Partitions)
	}
	if d.StateVersion == 0 {
		d.StateVersion = 1
	}
	if d.ReleaseCommands == 0 {
		d.ReleaseCommands = defaultReleaseCommands
	}
	return partitions.Component{
		Name:      d.Name,
		Side:      partitions.WriteSide,
		Inputs:    []partitions.Input{{Topic: d.Topics.Commands(d.Name).Name}},
		Changelog: d.Topics.Changelog(d.Name).Name,
		New:       func(shard int32) partitions.Processor { return newProcessor(ctx, d, shard) },
		Rebuild:   d.rebuild,
	}
}

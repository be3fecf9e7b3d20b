package contexts

import (
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/replicated"
	"github.com/partita-io/partita/schemas"
)

// A Context is a bounded context as its folder describes it, checked: every name in it refers to something.
type Context struct {
	// Name is the prefix of every topic and the name of the consumer group.
	Name       string
	Partitions int32
	Encoding   Encoding
	// Registry is the schema registry's URL; empty without one.
	Registry string
	// Dir is the folder as the user gave it.
	Dir string
	// Hash is that of everything that decides what the context computes: context.yaml, schemas and scripts, not tests. Members of a group
	// compare it to see a mixture of versions.
	Hash string

	Schemas *schemas.Set
	// Codec reads payloads of any encoding and writes the context's own.
	Codec *schemas.Codec
	// History is where Codec looks for schemas that the folder has no longer; whoever reads the topic of schemas adds them.
	History *schemas.MemoryHistory

	Entities    []Entity
	Projections []Projection

	Publications []Publication
	// Replicated are the types of the replicated values, by name.
	Replicated map[string]crdt.Type
	// values are nil without any.
	values        *replicated.Values
	Subscriptions []Subscription
	Tables        []Table

	// upcasts are nil if there are none.
	upcasts *starlark.Upcasts
	// older are records as they were, of which upcasts know how to read them, by fingerprint.
	older map[uint64]*schemas.Message
}

// An Encoding is how the context encodes what it writes.
type Encoding string

// The encodings.
const (
	Avro      Encoding = "avro"
	Confluent Encoding = "confluent"
	JSON      Encoding = "json"
)

// An Entity is one entity type. Commands and Events are in the order of the file.
type Entity struct {
	Name     string
	Behavior behaviors.Entity
	State    *schemas.Message
	Commands []*schemas.Message
	Events   []*schemas.Message
	Remember entities.Remember
	// StateVersion counts the meanings of the state, from 1.
	StateVersion int64
	// OnFailure is what becomes of commands that fail.
	OnFailure entities.OnFailure

	script string
	// unclear says that commands or events may be missing here because of a problem, which was said.
	unclear bool
}

// A Projection is a table, or a stream.
type Projection struct {
	Name    string
	Sources []Source
	// OnFailure is what becomes of events that fail.
	OnFailure entities.OnFailure
	// Stream is nil for a table, and what follows is of tables.
	Stream   *Stream
	Behavior behaviors.Projection
	// Hash is that of everything that decides what the rows are.
	Hash string
	// ByTime has rows for each day or hour; empty: it does not.
	ByTime behaviors.Period
	// Keyed says that the key may be another than that of the event's record, so that events go through a repartition topic.
	Keyed bool
	Row   *schemas.Message
}

// A Source is what a projection follows: the events of an entity here, or a topic of somebody else.
type Source struct {
	// Entity is empty for a foreign topic.
	Entity string
	Topic  string
	// Key is the field that keys the events of this source; empty: what keys those of all.
	Key string
}

// Entity is the entity type of this name, nil if there is none.
func (c *Context) Entity(name string) *Entity {
	for i := range c.Entities {
		if c.Entities[i].Name == name {
			return &c.Entities[i]
		}
	}
	return nil
}

// Projection is the projection of this name, nil if there is none.
func (c *Context) Projection(name string) *Projection {
	for i := range c.Projections {
		if c.Projections[i].Name == name {
			return &c.Projections[i]
		}
	}
	return nil
}

// Command is the command of this name, by the last part or in full; nil if the entity has none.
func (e *Entity) Command(name string) *schemas.Message { return named(e.Commands, name) }

// Event is the event of this name, by the last part or in full; nil if the entity has none.
func (e *Entity) Event(name string) *schemas.Message { return named(e.Events, name) }

func named(messages []*schemas.Message, name string) *schemas.Message {
	for _, m := range messages {
		if m.Name == name || m.FullName == name {
			return m
		}
	}
	return nil
}

// shortNames are the names that people use in commands, tests and headers.
func shortNames(messages []*schemas.Message) []string {
	names := make([]string, 0, len(messages))
	for _, m := range messages {
		names = append(names, m.Name)
	}
	return names
}

func (c *Context) entityNames() []string {
	names := make([]string, 0, len(c.Entities))
	for _, e := range c.Entities {
		names = append(names, e.Name)
	}
	return names
}

func (c *Context) projectionNames() []string {
	names := make([]string, 0, len(c.Projections))
	for _, p := range c.Projections {
		names = append(names, p.Name)
	}
	return names
}

// lastPart is a type's name without its namespace.
func lastPart(fullName string) string { return fullName[strings.LastIndexByte(fullName, '.')+1:] }

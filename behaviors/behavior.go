// Package behaviors says what the runtime asks of user code, wherever that runs: in Starlark (behaviors/starlark), in Go (entities), later in
// another process. The interfaces are batch-shaped, so that a window can hand over many commands of different entities at once and wait for
// all together.
package behaviors

import (
	"context"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
)

// Entity is the behaviour of one entity type. Its methods are called from several goroutines at once, never for the same state.
type Entity interface {
	// InitialState is the state of an entity without events: the defaults of its record.
	InitialState() entities.State

	// DecodeState reads what some version of this behaviour stored, resolving the schema named by fingerprint to today's.
	DecodeState(fingerprint uint64, data []byte) (entities.State, error)

	// Decide decides every turn and evolves its state by the events it decided. Turns of one call are of different entities.
	//
	// A turn's State is used up by the call: it may have been changed in place. The next turn of that entity takes Decision.State, or, if the
	// decision is without events, fails or is not carried out, decodes the stored bytes again.
	Decide(ctx context.Context, turns []Turn)

	// Evolve is the state after one more event, without deciding anything: event is of this type of entity, whatever schema it was written under.
	// The state given is used up, as a turn's is. An event that ends its entity is evolved by nobody: the state after it is the initial one.
	Evolve(ctx context.Context, state entities.State, event *Event) (entities.State, *entities.Failure)

	// EncodeState is a state as it is stored, and the fingerprint of its schema: what a decision has as StateData and StateFingerprint.
	EncodeState(state entities.State) (data []byte, fingerprint uint64, err error)

	// StateJSON shows a state to people, fields in schema order.
	StateJSON(state entities.State) ([]byte, error)
}

// A Turn is one command of one entity and, after Entity.Decide, what came of it.
type Turn struct {
	// Command is good until Decide returns: it and its headers are used again for another one.
	Command *entities.Command
	State   entities.State
	// Replicated is a replicated value of the context by its name; nil for a context without any.
	Replicated Views

	// StateIsKept says, after Decide, that State was not changed in place: it is still the state before the command.
	StateIsKept bool
	Decision    entities.Decision
	// Failure is nil when Decision holds.
	Failure *entities.Failure
}

// Views are replicated values by their names. A name that is not declared has a view of no type.
type Views func(name string) crdt.View

// Projection is the behaviour of one table projection. Its methods are called from several goroutines at once.
type Projection interface {
	// Wants tells whether the projection has a function for events of this type.
	Wants(eventType string) bool

	// Key is the key of the row that the event belongs to.
	Key(ctx context.Context, event *Event) (string, *entities.Failure)

	// Apply folds the event into a row. row is the stored row (nil: none yet, the defaults are used); the result is the new row as it is
	// stored and published, nil when the row is to be deleted.
	Apply(ctx context.Context, row []byte, event *Event) (newRow []byte, failure *entities.Failure)

	// RowJSON shows a stored row to people, fields in schema order.
	RowJSON(row []byte) ([]byte, error)
	// RowType and RowContentType are the headers ce_type and content-type of a row's record.
	RowType() string
	RowContentType() string
}

// Stream is the behaviour of one stream projection. Its methods are called from several goroutines at once.
type Stream interface {
	// Wants tells whether the stream has a function for events of this type.
	Wants(eventType string) bool

	// Write is what the event leads to: no message, one, or several, in their order.
	Write(ctx context.Context, event *Event) ([]Message, *entities.Failure)
}

// A Message is a record that a stream writes.
type Message struct {
	// Key decides the partition: messages of one key keep their order.
	Key string
	// Type is the last part of the record's name.
	Type    string
	Payload entities.Payload
}

// An Event is an event that happened, as a projection sees it: what ctx and event are made of.
type Event struct {
	// Entity and EntityID name where it happened ("cart", "c1"); Sequence is its number there. Empty and 0 for foreign topics.
	Entity   string
	EntityID string
	Sequence int64
	Type     string
	// Topic is the one that the event was read from.
	Topic   string
	Payload entities.Payload
	// NowMS is the event record's timestamp.
	NowMS int64
	// CausationID is the id of the command that caused it.
	CausationID string
	// Headers are good until the method that was given the event returns: they are used again for another one.
	Headers []entities.Header
}

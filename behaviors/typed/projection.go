package typed

import (
	"time"

	"github.com/partita-io/partita/entities"
)

// EventContext is what a function may know of an event beside its fields.
type EventContext struct {
	// Entity and EntityID name where it happened, Sequence is its number there; empty and 0 for topics of others.
	Entity   string
	EntityID string
	Sequence int64
	// NowMS is the event's time in ms since 1970.
	NowMS int64
	// CommandID is that of the command that caused it.
	CommandID string
	// Headers are good until the function returns.
	Headers []entities.Header

	deleted bool
	looks   *looks
}

func (c *EventContext) look() *looks { return c.looks }

// Now is NowMS as a time.
func (c *EventContext) Now() time.Time { return time.UnixMilli(c.NowMS).UTC() }

// Header is the value of the last header of this name; nil if there is none.
func (c *EventContext) Header(key string) []byte { return lastHeader(c.Headers, key) }

// DeleteRow takes the row out of the table. The next event of its key begins with a new one.
func (c *EventContext) DeleteRow() { c.deleted = true }

// A Source is where a projection's events come from: an [Entity], or a [Topic].
type Source interface {
	// source is the name of an entity, or of a topic.
	source() (entity, topic string)
}

func (e *Entity[S]) source() (entity, topic string) { return e.name, "" }

// Topic is a topic of events of another context, or of nobody's.
type Topic string

func (t Topic) source() (entity, topic string) { return "", string(t) }

// Sources are what a projection follows; [From] makes them.
type Sources []Source

// From names what a projection follows.
func From(sources ...Source) Sources { return sources }

// A Projection is a table whose rows are the struct R.
type Projection[R any] struct {
	name    string
	row     record
	sources Sources
	folds   []folding[R]
	keys    []keying
	// onFailure is DeadLetter unless OnFailure says something else.
	onFailure entities.OnFailure
}

type folding[R any] struct {
	record
	fold fold[R]
}

// A fold reads an event and folds it into the row.
type fold[R any] func(data []byte, m *message, row *R, ctx *EventContext) error

type keying struct {
	record
	key key
}

// A key reads an event and tells the key of its row.
type key func(data []byte, m *message, ctx *EventContext) (string, error)

// A ProjectionPart is something that a projection does: Fold or Key.
type ProjectionPart[R any] func(*Projection[R])

// NewProjection declares a table. Its name is that of its topic: lower-case letters, digits and hyphens.
func NewProjection[R any](name string, from Sources, parts ...ProjectionPart[R]) *Projection[R] {
	p := &Projection[R]{name: name, row: recordOf[R](), sources: from, onFailure: entities.DeadLetter}
	for _, part := range parts {
		part(p)
	}
	return p
}

// OnFailure says what becomes of events that fail: they are dead-lettered, and the next one goes on, which is the default; or, with entities.Stop, the
// shard's task stops before the event until it starts with a function that can do it.
func (p *Projection[R]) OnFailure(policy entities.OnFailure) *Projection[R] {
	p.onFailure = policy
	return p
}

// Fold folds events of type E into a row, which begins as what the avro tags of R name as defaults, and zero values elsewhere. Events without a
// Fold are passed over; an event that no source emits is refused by [Bind].
func Fold[R, E any](function func(row *R, event E, ctx *EventContext)) ProjectionPart[R] {
	return func(p *Projection[R]) {
		p.folds = append(p.folds, folding[R]{
			record: recordOf[E](),
			fold: func(data []byte, m *message, row *R, ctx *EventContext) error {
				var e E
				if err := m.read(data, &e); err != nil {
					return err
				}
				function(row, e, ctx)
				return nil
			},
		})
	}
}

// Key tells which row an event of type E belongs to. A projection without keys has a row for each entity, and its key is the entity's id; one with
// a key needs it for every event that it folds.
func Key[R, E any](function func(event E, ctx *EventContext) string) ProjectionPart[R] {
	return func(p *Projection[R]) {
		p.keys = append(p.keys, keying{
			record: recordOf[E](),
			key: func(data []byte, m *message, ctx *EventContext) (string, error) {
				var e E
				if err := m.read(data, &e); err != nil {
					return "", err
				}
				return function(e, ctx), nil
			},
		})
	}
}

package typed

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// A projectionBehavior runs a Projection for the context it is bound to.
type projectionBehavior[R any] struct {
	// ctx is for what has none of its own.
	ctx    context.Context
	name   string
	row    *message
	events inbox[folded[R]]
	// rows reads stored rows, also those of older schemas.
	rows     inbox[struct{}]
	keyed    bool
	sights   sights
	rowBytes atomic.Int64
}

// A folded is what is done with events of one kind.
type folded[R any] struct {
	fold fold[R]
	// key is nil for a projection whose rows are keyed by the entity's id.
	key key
}

var _ behaviors.Projection = (*projectionBehavior[struct{}])(nil)

func (b *projectionBehavior[R]) Wants(eventType string) bool {
	_, ok := b.events.byName[eventType]
	return ok
}

func (b *projectionBehavior[R]) RowType() string        { return b.row.Name }
func (b *projectionBehavior[R]) RowContentType() string { return b.row.codec.ContentType() }

func (b *projectionBehavior[R]) Key(ctx context.Context, event *behaviors.Event) (rowKey string, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			rowKey, failure = "", recovered(cause)
		}
	}()
	if !b.keyed {
		return event.EntityID, nil
	}
	kind, data, failure := b.events.open(ctx, event.Type, event.Payload)
	if failure != nil {
		return "", failure
	}
	rowKey, err := kind.do.key(data, kind.message, contextOf(event, b.sights))
	if err != nil {
		return "", asFailure(err)
	}
	return rowKey, nil
}

func (b *projectionBehavior[R]) Apply(ctx context.Context, row []byte, event *behaviors.Event) (newRow []byte, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			newRow, failure = nil, recovered(cause)
		}
	}()
	kind, data, failure := b.events.open(ctx, event.Type, event.Payload)
	if failure != nil {
		return nil, failure
	}
	r := new(R)
	if row != nil {
		if err := b.read(ctx, row, r); err != nil {
			return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("the stored row of projection %s cannot be read: %v", b.name, err)}
		}
	} else if err := b.row.setDefaults(r); err != nil {
		return nil, asFailure(fmt.Errorf("projection %s: a new row: %w", b.name, err))
	}
	about := contextOf(event, b.sights)
	if err := kind.do.fold(data, kind.message, r, about); err != nil {
		return nil, asFailure(err)
	}
	if about.deleted {
		return nil, nil
	}
	payload, err := b.row.encode(r, int(b.rowBytes.Load()))
	if err != nil {
		return nil, asFailure(fmt.Errorf("projection %s: the row: %w", b.name, err))
	}
	b.rowBytes.Store(int64(len(payload.Data)))
	return payload.Data, nil
}

// read reads a stored row.
func (b *projectionBehavior[R]) read(ctx context.Context, row []byte, into *R) error {
	if data, ok := b.row.unwrap(row); ok {
		return b.row.decode(data, into)
	}
	_, data, failure := b.rows.open(ctx, b.row.Name, entities.Payload{Data: row, ContentType: b.RowContentType()})
	if failure != nil {
		return failure
	}
	return b.row.decode(data, into)
}

func (b *projectionBehavior[R]) RowJSON(row []byte) ([]byte, error) {
	r := new(R)
	if err := b.read(b.ctx, row, r); err != nil {
		return nil, fmt.Errorf("row of projection %s: %w", b.name, err)
	}
	return b.row.json(r)
}

func contextOf(e *behaviors.Event, s sights) *EventContext {
	return &EventContext{
		Entity: e.Entity, EntityID: e.EntityID, Sequence: e.Sequence, NowMS: e.NowMS, CommandID: e.CausationID, Headers: e.Headers,
		looks: s.looking(),
	}
}

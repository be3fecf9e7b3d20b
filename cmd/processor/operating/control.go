package operating

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// Wanted is what the control topic says of a projection now.
func Wanted(ctx context.Context, cfg client.Config, c topics.Context, projection string) (control.Projection, error) {
	return lastOf(ctx, cfg, c, control.Key(projection), control.Parse)
}

// WantedOfEntity is what the control topic says of an entity type now.
func WantedOfEntity(ctx context.Context, cfg client.Config, c topics.Context, entity string) (control.Entity, error) {
	return lastOf(ctx, cfg, c, control.EntityKey(entity), control.ParseEntity)
}

// lastOf is the last record under a key; nothing, if there is none.
func lastOf[T any](ctx context.Context, cfg client.Config, c topics.Context, key string, parse func([]byte) (T, error)) (T, error) {
	var last *kgo.Record
	var nothing T
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: c.Control().Name, UntilEnd: true}, func(r *kgo.Record) error {
		if string(r.Key) == key {
			last = r
		}
		return nil
	})
	if err != nil || last == nil {
		return nothing, err
	}
	found, err := parse(last.Value)
	if err != nil {
		return nothing, fmt.Errorf("%s, offset %d, about %s: %w", last.Topic, last.Offset, key, err)
	}
	return found, nil
}

// Want writes what is wanted of a projection, together with who did it: now is what [Wanted] told after the desk was opened, and next what follows from it.
// If somebody else has opened the desk since, nothing is written and the error says so: no record is ever based on another than the one before it.
func (d *Desk) Want(ctx context.Context, operation, projection string, now, next control.Projection, places ...string) error {
	next.Number, next.By, next.Why, next.At = now.Number+1, d.operator.By, d.operator.Why, time.Now().UTC().Format(time.RFC3339)
	value, err := next.Value()
	if err != nil {
		return err
	}
	return d.want(ctx, operation, control.Key(projection), value, records.Done{Component: projection, Places: places})
}

// WantRebuild writes the wish that the states of an entity type be computed anew, and returns its number; now is what [WantedOfEntity] told after the
// desk was opened.
func (d *Desk) WantRebuild(ctx context.Context, entity string, now control.Entity) (number int64, err error) {
	at := time.Now()
	next := control.Entity{Number: now.Next(at), By: d.operator.By, Why: d.operator.Why, At: at.UTC().Format(time.RFC3339)}
	value, err := next.Value()
	if err != nil {
		return 0, err
	}
	return next.Number, d.want(ctx, records.Rebuild, control.EntityKey(entity), value, records.Done{Component: entity})
}

func (d *Desk) want(ctx context.Context, operation, key string, value []byte, about records.Done) error {
	done, err := d.done(operation, about.Component, about)
	if err != nil {
		return err
	}
	return d.commit(ctx, []*kgo.Record{done, {
		Topic: d.context.Control().Name, Key: []byte(key), Value: value,
		Headers: []kgo.RecordHeader{{Key: records.ContentType, Value: []byte("application/json")}},
	}})
}

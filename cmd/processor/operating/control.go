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
	var last *kgo.Record
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: c.Control().Name, UntilEnd: true}, func(r *kgo.Record) error {
		if string(r.Key) == control.Key(projection) {
			last = r
		}
		return nil
	})
	if err != nil || last == nil {
		return control.Projection{}, err
	}
	p, err := control.Parse(last.Value)
	if err != nil {
		return p, fmt.Errorf("%s, offset %d, about %s: %w", last.Topic, last.Offset, projection, err)
	}
	return p, nil
}

// Want writes what is wanted of a projection, together with who did it: now is what [Wanted] told after the desk was opened, and next what follows from it.
// If somebody else has opened the desk since, nothing is written and the error says so: no record is ever based on another than the one before it.
func (d *Desk) Want(ctx context.Context, operation, projection string, now, next control.Projection, places ...string) error {
	next.Number, next.By, next.Why, next.At = now.Number+1, d.operator.By, d.operator.Why, time.Now().UTC().Format(time.RFC3339)
	value, err := next.Value()
	if err != nil {
		return err
	}
	done, err := d.done(operation, projection, records.Done{Component: projection, Places: places})
	if err != nil {
		return err
	}
	return d.commit(ctx, []*kgo.Record{done, {
		Topic: d.context.Control().Name, Key: []byte(control.Key(projection)), Value: value,
		Headers: []kgo.RecordHeader{{Key: records.ContentType, Value: []byte("application/json")}},
	}})
}

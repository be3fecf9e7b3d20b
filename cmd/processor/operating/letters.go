package operating

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// A Letter is a dead letter.
type Letter struct {
	Record *kgo.Record
	// Headers are those that the record had before.
	Headers []kgo.RecordHeader
	Why     Why
	// Done is what was done about it last; nil for nothing.
	Done *records.Done
}

// Place is "partition/offset".
func (l Letter) Place() string { return placeOf(l.Record) }

func placeOf(r *kgo.Record) string { return fmt.Sprintf("%d/%d", r.Partition, r.Offset) }

// Letters hands over every dead letter, those of one partition in their order.
func Letters(ctx context.Context, cfg client.Config, c topics.Context, each func(Letter) error) error {
	done, err := doneAbout(ctx, cfg, c)
	if err != nil {
		return err
	}
	return following.Follow(ctx, following.Options{Client: cfg, Topic: c.DeadLetters().Name, UntilEnd: true}, func(r *kgo.Record) error {
		l := Letter{Record: r, Done: done[placeOf(r)]}
		l.Headers, l.Why = Original(r)
		return each(l)
	})
}

// doneAbout is what was done last about dead letters, by place.
func doneAbout(ctx context.Context, cfg client.Config, c topics.Context) (map[string]*records.Done, error) {
	done := map[string]*records.Done{}
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: c.Operations().Name, UntilEnd: true}, func(r *kgo.Record) error {
		var d records.Done
		if err := json.Unmarshal(r.Value, &d); err != nil {
			return fmt.Errorf("%s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		if d.Place == "" {
			return nil
		}
		// Records about one dead letter have one key, so they come in their order.
		done[d.Place] = &d
		return nil
	})
	return done, err
}

// Redrive is the command of a dead letter as it is sent again. An error says why it cannot be, and what helps.
func (l Letter) Redrive(c topics.Context) (*kgo.Record, error) {
	if l.Done != nil && l.Done.Operation == records.Redrive {
		return nil, fmt.Errorf("sent again already, by %s at %s", l.Done.By, l.Done.At)
	}
	source, err := records.ParsePlace(l.Why.Source)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its headers do not say where it came from: %w", err)
	case source.Topic != c.Commands(l.Why.Component).Name:
		return nil, fmt.Errorf("it is an event that %s could not process, and events are not written twice: mend %s, and rebuild it "+
			"(processor projections DIR rebuild NAME), which reads all events from the start; a stream needs a new name for that", l.Why.Component, l.Why.Component)
	case l.Why.Cut:
		return nil, fmt.Errorf("it was cut to fit: the whole record is at %s as long as that topic keeps it", source)
	case len(l.Record.Key) == 0:
		return nil, errors.New("it has no key, so nobody is meant: send the command to an entity, and drop this")
	}
	again := &kgo.Record{
		Topic: source.Topic, Partition: records.Partition(l.Record.Key, c.Partitions), Key: l.Record.Key, Value: l.Record.Value,
		Headers: append([]kgo.RecordHeader{}, l.Headers...),
	}
	if !named(l.Headers) {
		// As one that was forwarded gets: however often it is sent again, it is carried out once.
		again.Headers = append(again.Headers, kgo.RecordHeader{Key: records.ID, Value: []byte(l.Why.Source)})
	}
	return again, nil
}

func named(headers []kgo.RecordHeader) bool {
	id := ""
	for _, h := range headers {
		if h.Key == records.ID {
			id = string(h.Value)
		}
	}
	return id != ""
}

// What one transaction is about at most.
const (
	mostTogether      = 500
	mostTogetherBytes = 8 << 20
)

// A Batch is what is done about dead letters, a transaction for some hundred of them.
type Batch struct {
	desk *Desk
	// Committed is called for each letter that something was done about.
	Committed func(Letter) error
	letters   []Letter
	records   []*kgo.Record
	bytes     int
}

// Batch begins one.
func (d *Desk) Batch(committed func(Letter) error) *Batch {
	return &Batch{desk: d, Committed: committed}
}

// Redrive sends the command of a letter again.
func (b *Batch) Redrive(ctx context.Context, l Letter) error {
	again, err := l.Redrive(b.desk.context)
	if err != nil {
		return &NotDoneError{Letter: l, Err: err}
	}
	return b.add(ctx, records.Redrive, l, again)
}

// Drop says that nothing more is to be done about a letter.
func (b *Batch) Drop(ctx context.Context, l Letter) error {
	if l.Done != nil {
		return &NotDoneError{Letter: l, Err: fmt.Errorf("%s was done about it already, by %s at %s", l.Done.Operation, l.Done.By, l.Done.At)}
	}
	return b.add(ctx, records.Drop, l)
}

func (b *Batch) add(ctx context.Context, operation string, l Letter, written ...*kgo.Record) error {
	// Keys of dead letters need not be text; what stands in JSON is.
	key := strings.ToValidUTF8(string(l.Record.Key), "\uFFFD")
	done, err := b.desk.done(operation, key, records.Done{Component: l.Why.Component, Key: key, Place: l.Place(), Source: l.Why.Source})
	if err != nil {
		return err
	}
	b.letters = append(b.letters, l)
	b.records = append(append(b.records, written...), done)
	b.bytes += len(l.Record.Value)
	if len(b.letters) < mostTogether && b.bytes < mostTogetherBytes {
		return nil
	}
	return b.Commit(ctx)
}

// Commit ends what was begun.
func (b *Batch) Commit(ctx context.Context) error {
	if len(b.letters) == 0 {
		return nil
	}
	if err := b.desk.commit(ctx, b.records); err != nil {
		return err
	}
	for _, l := range b.letters {
		if err := b.Committed(l); err != nil {
			return err
		}
	}
	b.letters, b.records, b.bytes = nil, nil, 0
	return nil
}

// A NotDoneError says why nothing was done about a letter; others may go on.
type NotDoneError struct {
	Letter Letter
	Err    error
}

func (e *NotDoneError) Error() string {
	return fmt.Sprintf("dead letter %s: %v", e.Letter.Place(), e.Err)
}

func (e *NotDoneError) Unwrap() error { return e.Err }

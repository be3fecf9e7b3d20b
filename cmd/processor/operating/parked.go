package operating

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// A Waiting is a command that waits with its parked entity.
type Waiting struct {
	records.WaitingID
	Record *kgo.Record
	// Headers are those that the command came with.
	Headers []kgo.RecordHeader
	Why     Why
}

// A Parked is a parked entity.
type Parked struct {
	Entity, ID string
	Commands   int
	First      Waiting
}

// AllParked are the parked entities of the context, by name. It keeps the first command of each only.
func AllParked(ctx context.Context, cfg client.Config, c topics.Context) ([]Parked, error) {
	waiting := map[string]Waiting{}
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: c.Parked().Name, UntilEnd: true}, func(r *kgo.Record) error {
		w, err := waitingOf(r)
		if err == nil && r.Value != nil {
			w.Record, w.Headers = nil, nil // They are not needed, and there may be many.
		}
		return keep(waiting, r, w, err)
	})
	if err != nil {
		return nil, err
	}
	byEntity := map[string]*Parked{}
	for _, w := range waiting {
		name := w.Entity + "/" + w.ID
		p, ok := byEntity[name]
		if !ok {
			p = &Parked{Entity: w.Entity, ID: w.ID, First: w}
			byEntity[name] = p
		}
		p.Commands++
		if w.Number < p.First.Number {
			p.First = w
		}
	}
	var all []Parked
	for _, p := range byEntity {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b Parked) int {
		return strings.Compare(a.Entity+"/"+a.ID, b.Entity+"/"+b.ID)
	})
	return all, nil
}

// WaitingOf are the commands that wait with one entity, in their order.
func WaitingOf(ctx context.Context, cfg client.Config, c topics.Context, entity, id string) ([]Waiting, error) {
	waiting := map[string]Waiting{}
	at := []int32{records.Partition([]byte(id), c.Partitions)}
	err := following.Follow(ctx, following.Options{Client: cfg, Topic: c.Parked().Name, Partitions: at, UntilEnd: true}, func(r *kgo.Record) error {
		w, err := waitingOf(r)
		if err == nil && (w.Entity != entity || w.ID != id) {
			return nil
		}
		return keep(waiting, r, w, err)
	})
	var all []Waiting
	for _, w := range waiting {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b Waiting) int { return int(a.Number - b.Number) })
	return all, err
}

func waitingOf(r *kgo.Record) (Waiting, error) {
	id, err := records.ParseWaitingID(string(r.Key))
	w := Waiting{WaitingID: id, Record: r}
	w.Headers, w.Why = Original(r)
	return w, err
}

// keep holds the last word on each key.
func keep(waiting map[string]Waiting, r *kgo.Record, w Waiting, err error) error {
	if err != nil {
		return fmt.Errorf("%s/%d/%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	if waiting[string(r.Key)] = w; r.Value == nil {
		delete(waiting, string(r.Key))
	}
	return nil
}

// Operate has the owner of a parked entity release it or skip its first command, and waits for the answer. number is that of the first command as
// the operator saw it.
func (d *Desk) Operate(ctx context.Context, o asking.Options, operation, entity, id string, number int64, only bool) (asking.Result, error) {
	order, err := json.Marshal(records.Order{By: d.operator.By, Why: d.operator.Why, Number: number, Only: only})
	if err != nil {
		return asking.Result{}, err
	}
	done, err := d.done(operation, id, records.Done{Entity: entity, ID: id, Number: &number, Only: only})
	if err != nil {
		return asking.Result{}, err
	}
	return asking.Once(ctx, o, func(ctx context.Context, replies []kgo.RecordHeader) error {
		headers := []kgo.RecordHeader{
			{Key: records.Operation, Value: []byte(operation)}, {Key: records.ContentType, Value: []byte("application/json")},
		}
		return d.commit(ctx, []*kgo.Record{done, {
			Topic: d.context.Commands(entity).Name, Partition: records.Partition([]byte(id), d.context.Partitions), Key: []byte(id), Value: order,
			Headers: append(headers, replies...),
		}})
	})
}

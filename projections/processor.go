package projections

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A processor is the projection's task on one shard. It keeps nothing between records: rows are in the window and the store.
type processor struct {
	ctx         context.Context //nolint:containedctx // A processor lives as long as its context, and its interface has none.
	definition  Definition
	shard       int32
	repartition string
	deadLetters string
	rowType     []byte
	rowContent  []byte
}

func newProcessor(ctx context.Context, d Definition, shard int32) *processor {
	return &processor{
		ctx: ctx, definition: d, shard: shard,
		repartition: d.Topics.Repartition(d.Name).Name, deadLetters: d.Topics.DeadLetters().Name,
		rowType: []byte(d.Behavior.RowType()), rowContent: []byte(d.Behavior.RowContentType()),
	}
}

// Dropped has nothing to forget.
func (p *processor) Dropped() {}

// Process folds events into rows, or re-keys them. An event that cannot be processed is dead-lettered; the next one goes on.
func (p *processor) Process(w partitions.Window, recs []partitions.Record) error {
	for i := range recs {
		r := &recs[i]
		f := understand(r)
		if f.event.Type == "" && r.Value == nil {
			// A tombstone of a foreign topic says that something is gone, not what happened.
			continue
		}
		if f.event.Type != "" && !p.definition.Behavior.Wants(f.event.Type) {
			continue
		}
		failure, err := p.process(w, r, f)
		if err != nil {
			return err
		}
		if failure != nil {
			p.bury(w, r, f, failure)
		}
	}
	return nil
}

func (p *processor) process(w partitions.Window, r *partitions.Record, f *fact) (*entities.Failure, error) {
	if r.Refused != "" {
		return &entities.Failure{Code: entities.Refused, Message: "the broker refuses what the event leads to: " + r.Refused}, nil
	}
	if f.event.Type == "" {
		return &entities.Failure{
			Code: entities.UnknownType, Message: `the record has no header ce_type and its value is no JSON object with a "type": what happened cannot be told`,
		}, nil
	}
	if failure, err := p.definition.Prepare.Await(p.ctx, f.event.Payload); failure != nil || err != nil {
		return failure, err
	}
	if p.definition.Keyed && r.Topic != p.repartition {
		return p.rekey(w, r, f), nil
	}
	return p.fold(w, r, f)
}

// rekey sends the event, as it is, to where its row lives.
func (p *processor) rekey(w partitions.Window, r *partitions.Record, f *fact) *entities.Failure {
	key, failure := p.definition.Behavior.Key(p.ctx, &f.event)
	if failure == nil {
		failure = checkKey([]byte(key))
	}
	if failure != nil {
		return failure
	}
	headers := r.Headers[:len(r.Headers):len(r.Headers)]
	if !f.placed {
		// A foreign event keeps its key in the subject, as ours have it.
		headers = append(headers, kgo.RecordHeader{Key: records.Subject, Value: r.Key})
	}
	w.Produce(r, partitions.OutputRepartition, &kgo.Record{
		Topic: p.repartition, Partition: records.Partition([]byte(key), p.definition.Topics.Partitions),
		Key: []byte(key), Value: r.Value, Headers: headers, Timestamp: r.Timestamp,
	})
	return nil
}

func checkKey(key []byte) *entities.Failure {
	switch {
	case len(key) == 0:
		return &entities.Failure{Code: entities.NoKey, Message: "the row's key is empty"}
	case len(key) > maxKeyBytes:
		return &entities.Failure{Code: entities.KeyTooLong, Message: fmt.Sprintf("the row's key has %d bytes, at most %d are a key", len(key), maxKeyBytes)}
	}
	return nil
}

// fold applies the event to its row. A row that comes out as it was is written all the same: its headers tell which event it knows of.
func (p *processor) fold(w partitions.Window, r *partitions.Record, f *fact) (*entities.Failure, error) {
	if failure := checkKey(r.Key); failure != nil {
		return failure, nil
	}
	if right := records.Partition(r.Key, p.definition.Topics.Partitions); right != p.shard {
		// Of a foreign topic with other partitions: the row would be on two shards.
		return &entities.Failure{
			Code: entities.Misrouted, Message: fmt.Sprintf("the row belongs to partition %d: give the projection a key, so that events are re-keyed", right),
		}, nil
	}
	row, err := w.Get(r.Key)
	if err != nil {
		return nil, err
	}
	if row != nil {
		// Rows are payloads too: one that an earlier process wrote may be of a schema that this one has not met.
		stored := entities.Payload{Data: row, ContentType: p.definition.Behavior.RowContentType()}
		if failure, err := p.definition.Prepare.Await(p.ctx, stored); failure != nil || err != nil {
			return failure, err
		}
	}
	changed, failure := p.definition.Behavior.Apply(p.ctx, row, &f.event)
	if failure != nil {
		return failure, nil
	}
	headers := p.rowHeaders(f)
	if changed == nil {
		if row != nil {
			w.Delete(r, r.Key, headers)
			w.Count(partitions.Tally{Kind: partitions.RowWritten, RecordTimeMS: f.event.NowMS})
		}
		return nil, nil
	}
	if size := rowBytes(r.Key, changed, headers); size > p.definition.MaxRecordBytes {
		return &entities.Failure{
			Code: entities.SizeLimit, Message: fmt.Sprintf("the row would take %d bytes, at most %d are written", size, p.definition.MaxRecordBytes),
		}, nil
	}
	w.Put(r, r.Key, changed, headers)
	w.Count(partitions.Tally{Kind: partitions.RowWritten, RecordTimeMS: f.event.NowMS})
	return nil, nil
}

// rowBytes is about what a row takes in a batch.
func rowBytes(key, row []byte, headers []kgo.RecordHeader) int {
	const recordOverhead, headerOverhead = 32, 10
	n := len(key) + len(row) + recordOverhead
	for _, h := range headers {
		n += len(h.Key) + len(h.Value) + headerOverhead
	}
	return n
}

// rowHeaders say what the row is and which event it knows of, so that a reader can wait for a write of its own.
func (p *processor) rowHeaders(f *fact) []kgo.RecordHeader {
	headers := make([]kgo.RecordHeader, 0, 6)
	headers = append(headers,
		kgo.RecordHeader{Key: records.Type, Value: p.rowType},
		kgo.RecordHeader{Key: records.ContentType, Value: p.rowContent},
	)
	for _, h := range []kgo.RecordHeader{
		{Key: records.RowSource, Value: f.id}, {Key: records.Time, Value: f.time}, {Key: records.TraceParent, Value: f.trace},
	} {
		if h.Value != nil {
			headers = append(headers, h)
		}
	}
	if f.event.Sequence > 0 {
		headers = append(headers, kgo.RecordHeader{Key: records.Sequence, Value: strconv.AppendInt(nil, f.event.Sequence, 10)})
	}
	return headers
}

func (p *processor) bury(w partitions.Window, r *partitions.Record, f *fact, failure *entities.Failure) {
	w.Produce(r, partitions.OutputDeadLetter, partitions.DeadLetter(r, partitions.Death{
		Topic: p.deadLetters, Partition: p.shard, Reason: string(failure.Code), Message: failure.Message, Component: p.definition.Name,
		Version: p.definition.Version, Sequence: f.event.Sequence, NowMS: w.NowMS(), MaxBytes: p.definition.MaxRecordBytes,
	}))
	w.Count(partitions.Tally{Kind: partitions.DeadLettered, Label: string(failure.Code), Detail: failure.Message})
}

package projections

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/inbox"
	"github.com/partita-io/partita/internal/lru"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A processor is a table's task on one shard: rows are in the window and the store.
type processor struct {
	follower
	// rows are those that were read or written last, committed or not; nil: there is none of the key.
	rows        *lru.Cache[[]byte]
	definition  Definition
	repartition string
	rowType     []byte
	rowContent  []byte
}

func newProcessor(ctx context.Context, d Definition, shard int32) *processor {
	p := &processor{
		rows: lru.New[[]byte](d.CacheBytes), definition: d, repartition: d.Topics.Repartition(d.component()).Name,
		rowType: []byte(d.Behavior.RowType()), rowContent: []byte(d.Behavior.RowContentType()),
	}
	p.follower = follower{
		ctx: ctx, topics: d.Topics, name: d.component(), projection: d.Name, version: d.Version, shard: shard, prepare: d.Prepare, onFailure: d.OnFailure,
		maxRecordBytes: d.MaxRecordBytes, wants: d.Behavior.Wants, take: p.take,
	}
	return p
}

// take folds an event into its row, or re-keys it.
func (p *processor) take(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error) {
	if p.definition.Keyed && r.Topic != p.repartition {
		return p.rekey(w, r, f), nil
	}
	return p.fold(w, r, f)
}

// rekey sends the event, as it is, to where its row lives.
func (p *processor) rekey(w partitions.Window, r *partitions.Record, f *inbox.Fact) *entities.Failure {
	key, failure := p.definition.Behavior.Key(p.ctx, &f.Event)
	if failure == nil {
		failure = CheckRowKey([]byte(key))
	}
	if failure != nil {
		return failure
	}
	headers := r.Headers[:len(r.Headers):len(r.Headers)]
	if !f.Placed {
		// A foreign event keeps its key in the subject, as ours have it.
		headers = append(headers, kgo.RecordHeader{Key: records.Subject, Value: r.Key})
	}
	w.Produce(r, partitions.OutputRepartition, &kgo.Record{
		Topic: p.repartition, Partition: records.Partition([]byte(key), p.definition.Topics.Partitions),
		Key: []byte(key), Value: r.Value, Headers: headers, Timestamp: r.Timestamp,
	})
	return nil
}

// fold applies the event to its row. A row that comes out as it was is written all the same: its headers tell which event it knows of.
func (p *processor) fold(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error) {
	if failure := CheckRowKey(r.Key); failure != nil {
		return failure, nil
	}
	if right := records.Partition(r.Key, p.definition.Topics.Partitions); right != p.shard {
		// Of a foreign topic with other partitions: the row would be on two shards.
		return &entities.Failure{
			Code: entities.Misrouted, Message: fmt.Sprintf("the row belongs to partition %d: give the projection a key, so that events are re-keyed", right),
		}, nil
	}
	row, err := p.row(w, r.Key)
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
	changed, failure := p.definition.Behavior.Apply(p.ctx, row, &f.Event)
	if failure != nil {
		return failure, nil
	}
	headers := p.rowHeaders(f)
	if changed == nil {
		if row != nil {
			w.Delete(r, r.Key, headers)
			p.hold(r.Key, nil)
			w.Count(partitions.Tally{Kind: partitions.RowWritten, RecordTimeMS: f.Event.NowMS})
		}
		return nil, nil
	}
	if size := recordBytes(r.Key, changed, headers); size > p.definition.MaxRecordBytes {
		return &entities.Failure{
			Code: entities.SizeLimit, Message: fmt.Sprintf("the row would take %d bytes, at most %d are written", size, p.definition.MaxRecordBytes),
		}, nil
	}
	w.Put(r, r.Key, changed, headers)
	p.hold(r.Key, changed)
	w.Count(partitions.Tally{Kind: partitions.RowWritten, RecordTimeMS: f.Event.NowMS})
	return nil, nil
}

// row is the row of a key, as of all earlier records; nil: there is none.
func (p *processor) row(w partitions.Window, key []byte) ([]byte, error) {
	if row, ok := p.rows.Get(key); ok {
		return row, nil
	}
	row, err := w.Get(key)
	if err == nil {
		p.hold(key, row)
	}
	return row, err
}

func (p *processor) hold(key, row []byte) {
	row = lru.Snug(row)
	p.rows.Set(string(key), row, cap(row))
	p.rows.Trim()
}

// Dropped forgets the rows: they may be of what is not committed.
func (p *processor) Dropped() { p.rows.Clear() }

// rowHeaders say what the row is and which event it knows of, so that a reader can wait for a write of its own.
func (p *processor) rowHeaders(f *inbox.Fact) []kgo.RecordHeader {
	headers := make([]kgo.RecordHeader, 0, 6)
	headers = append(headers,
		kgo.RecordHeader{Key: records.Type, Value: p.rowType},
		kgo.RecordHeader{Key: records.ContentType, Value: p.rowContent},
	)
	for _, h := range []kgo.RecordHeader{
		{Key: records.RowSource, Value: f.ID}, {Key: records.Time, Value: f.Time}, {Key: records.TraceParent, Value: f.Trace},
	} {
		if h.Value != nil {
			headers = append(headers, h)
		}
	}
	if f.Event.Sequence > 0 {
		headers = append(headers, kgo.RecordHeader{Key: records.Sequence, Value: strconv.AppendInt(nil, f.Event.Sequence, 10)})
	}
	return headers
}

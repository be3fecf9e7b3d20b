package projections

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/inbox"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A Stream is one stream projection of a context.
type Stream struct {
	// Topics is the context's name and number of partitions.
	Topics   topics.Context
	Name     string
	Behavior behaviors.Stream
	// Prepare is called for each event before Behavior sees it; nil: there is nothing to prepare.
	Prepare behaviors.Prepare
	// Sources are the topics of events that it follows.
	Sources []string
	// To is the topic that it writes to: its own (topics.Context.Messages), or one of others, which has partitions of its own number.
	To string
	// OnFailure is DeadLetter, the default, or Stop.
	OnFailure entities.OnFailure
	// Version tells which behaviour could not process a dead letter.
	Version string
	// MaxRecordBytes bounds a message and a dead letter, headers included. Default as for tables.
	MaxRecordBytes int
}

// maxMessages bounds what one event leads to: all of it is in one transaction.
const maxMessages = 1000

// Component makes the component that runs the stream. It has no store: what it writes follows from each event alone.
func (d Stream) Component(ctx context.Context) partitions.Component {
	if d.MaxRecordBytes == 0 {
		d.MaxRecordBytes = defaultMaxRecordBytes
	}
	c := partitions.Component{
		Name: d.Name, Side: partitions.ReadSide, Targets: []string{d.To},
		New: func(shard int32) partitions.Processor { return newStreamer(ctx, d, shard) },
	}
	for _, topic := range d.Sources {
		c.Inputs = append(c.Inputs, partitions.Input{Topic: topic})
	}
	return c
}

// A streamer is a stream's task on one shard.
type streamer struct {
	follower
	definition Stream
	// own: the topic is of this context, whose number of partitions is known.
	own bool
}

func newStreamer(ctx context.Context, d Stream, shard int32) *streamer {
	s := &streamer{definition: d, own: d.To == d.Topics.Messages(d.Name).Name}
	s.follower = follower{
		ctx: ctx, topics: d.Topics, name: d.Name, projection: d.Name, version: d.Version, shard: shard, prepare: d.Prepare, onFailure: d.OnFailure,
		maxRecordBytes: d.MaxRecordBytes, wants: d.Behavior.Wants, take: s.take,
	}
	return s
}

// take writes what the event leads to: all messages, or none of them.
func (s *streamer) take(w partitions.Window, r *partitions.Record, f *inbox.Fact) (*entities.Failure, error) {
	messages, failure := s.definition.Behavior.Write(s.ctx, &f.Event)
	if failure == nil {
		failure = CheckMessages(messages)
	}
	if failure != nil {
		return failure, nil
	}
	count, err := s.partitions(w)
	if err != nil {
		return nil, err
	}
	made := make([]*kgo.Record, len(messages))
	for i := range messages {
		if made[i], failure = s.record(count, r, f, &messages[i], i+1); failure != nil {
			return failure, nil
		}
	}
	for _, m := range made {
		w.Produce(r, partitions.OutputMessage, m)
		w.Count(partitions.Tally{Kind: partitions.MessageWritten, RecordTimeMS: f.Event.NowMS})
	}
	return nil, nil
}

// CheckMessages tells why what an event leads to cannot be written; nil if it can, but for its size.
func CheckMessages(messages []behaviors.Message) *entities.Failure {
	if len(messages) > maxMessages {
		return &entities.Failure{
			Code: entities.SizeLimit, Message: fmt.Sprintf("the event leads to %d messages, at most %d are written", len(messages), maxMessages),
		}
	}
	for i := range messages {
		if failure := checkKey([]byte(messages[i].Key), "the key of "+messages[i].Type); failure != nil {
			return failure
		}
	}
	return nil
}

// record makes the record of an event's message; the first has number 1. Its time is that of writing: by the event's own, a message that follows from
// an old event could be past its retention when it is written.
func (s *streamer) record(count int32, r *partitions.Record, f *inbox.Fact, m *behaviors.Message, number int) (*kgo.Record, *entities.Failure) {
	key := []byte(m.Key)
	headers := s.headers(r, f, m, number)
	if size := recordBytes(key, m.Payload.Data, headers); size > s.maxRecordBytes {
		return nil, &entities.Failure{
			Code: entities.SizeLimit, Message: fmt.Sprintf("%s would take %d bytes, at most %d are written", m.Type, size, s.maxRecordBytes),
		}
	}
	return &kgo.Record{
		Topic: s.definition.To, Partition: records.Partition(key, count), Key: key, Value: m.Payload.Data, Headers: headers,
	}, nil
}

// partitions is how many the topic has that is written to.
func (s *streamer) partitions(w partitions.Window) (int32, error) {
	if s.own {
		return s.topics.Partitions, nil
	}
	return w.Partitions(s.definition.To)
}

// headers are those of an event, whose id tells the event that the message follows from: a message that is written again has the same.
func (s *streamer) headers(r *partitions.Record, f *inbox.Fact, m *behaviors.Message, number int) []kgo.RecordHeader {
	cause := causeOf(f, r, s.topics.Name)
	at, correlation := f.Time, f.Correlation
	if at == nil {
		at = r.Timestamp.UTC().AppendFormat(nil, time.RFC3339Nano)
	}
	if correlation == nil {
		correlation = []byte(cause)
	}
	headers := []kgo.RecordHeader{
		{Key: records.SpecVersion, Value: []byte(records.CloudEventsVersion)},
		{Key: records.ID, Value: []byte(s.name + "/" + cause + "/" + strconv.Itoa(number))},
		{Key: records.Type, Value: []byte(m.Type)},
		{Key: records.Source, Value: []byte(s.topics.Name)},
		{Key: records.Subject, Value: []byte(m.Key)},
		{Key: records.Time, Value: at},
		{Key: records.ContentType, Value: []byte(m.Payload.ContentType)},
		{Key: records.Causation, Value: []byte(cause)},
		{Key: records.Correlation, Value: correlation},
	}
	if f.Trace != nil {
		headers = append(headers, kgo.RecordHeader{Key: records.TraceParent, Value: f.Trace})
	}
	return headers
}

// causeOf is the id of the event: its own, with the source if that is not this context; the record's place if it has none.
func causeOf(f *inbox.Fact, r *partitions.Record, context string) string {
	switch {
	case f.ID == nil:
		return placeOf(r).String()
	case string(f.Source) == context:
		return string(f.ID)
	}
	return records.CommandID(string(f.Source), string(f.ID))
}

package commands

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/outbox"
	"github.com/partita-io/partita/partitions"
)

// A writer makes the records that leave: events, answers, forwarded commands, dead letters.
type writer struct {
	definition  Definition
	shard       int32
	eventsTopic string
	deadLetters string
	parked      string
	source      []byte
	outbox      outbox.Writer

	// timeText is ce_time of timeMS, once it is set: commands of one window are often of one millisecond.
	timeMS   int64
	timeText []byte
	// texts are the values of headers that are the same again and again: types of events, content types.
	texts map[string][]byte
	// made is the result of events, used again.
	made []*kgo.Record
}

func newWriter(d Definition, shard int32) writer {
	return writer{
		definition: d, shard: shard, eventsTopic: d.Topics.Events(d.Name).Name, deadLetters: d.Topics.DeadLetters().Name,
		parked: d.Topics.Parked().Name, source: []byte(d.Topics.Name), outbox: outbox.NewWriter(d.Topics, d.MaxRecordBytes), texts: make(map[string][]byte),
	}
}

var (
	specVersion = []byte(records.CloudEventsVersion)
	yes         = []byte("true")
	jsonType    = []byte("application/json")
)

// events makes the records of a decision's events, or says which is too large. The slice is good until the next call.
func (o *writer) events(q *request, sequence int64, decided []entities.Event) ([]*kgo.Record, *entities.Rejection) {
	made := o.made[:0]
	causation := []byte(q.command.ID)
	correlation := causation
	if q.correlation != q.command.ID {
		correlation = []byte(q.correlation)
	}
	for i := range decided {
		sequence++
		r := o.event(q, sequence, &decided[i])
		r.Headers = append(r.Headers,
			kgo.RecordHeader{Key: records.Causation, Value: causation},
			kgo.RecordHeader{Key: records.Correlation, Value: correlation},
		)
		if size := recordBytes(r); size > o.definition.MaxRecordBytes {
			return nil, &entities.Rejection{
				Code:    entities.TooLarge,
				Message: fmt.Sprintf("event %s would take %d bytes, at most %d are written", decided[i].Type, size, o.definition.MaxRecordBytes),
			}
		}
		made = append(made, r)
	}
	o.made = made
	return made, nil
}

// event makes an event's record, with room for two more headers.
func (o *writer) event(q *request, sequence int64, e *entities.Event) *kgo.Record {
	id := records.EventID{Entity: o.definition.Name, ID: q.command.EntityID, Sequence: sequence}
	idText := id.Append(make([]byte, 0, len(id.Entity)+len(id.ID)+22))
	// One allocation for both.
	made := &struct {
		record  kgo.Record
		headers [12]kgo.RecordHeader
	}{}
	headers := append(made.headers[:0],
		kgo.RecordHeader{Key: records.SpecVersion, Value: specVersion},
		kgo.RecordHeader{Key: records.ID, Value: idText},
		kgo.RecordHeader{Key: records.Type, Value: o.text(e.Type)},
		kgo.RecordHeader{Key: records.Source, Value: o.source},
		kgo.RecordHeader{Key: records.Subject, Value: q.record.Key},
		kgo.RecordHeader{Key: records.Time, Value: o.time(q.command.NowMS)},
		kgo.RecordHeader{Key: records.ContentType, Value: o.text(e.Payload.ContentType)},
		// The id ends with the sequence.
		kgo.RecordHeader{Key: records.Sequence, Value: idText[len(id.Entity)+len(id.ID)+2:]},
	)
	if q.trace != nil {
		headers = append(headers, kgo.RecordHeader{Key: records.TraceParent, Value: q.trace})
	}
	if e.Deletes {
		headers = append(headers, kgo.RecordHeader{Key: records.Deletes, Value: yes})
	}
	made.record = kgo.Record{Topic: o.eventsTopic, Partition: o.shard, Key: q.record.Key, Value: e.Payload.Data, Headers: headers}
	return &made.record
}

// text is s as the value of a header. It is for names out of behaviours, of which there are few; names out of records would fill the memory.
func (o *writer) text(s string) []byte {
	b, ok := o.texts[s]
	if !ok {
		b = []byte(s)
		o.texts[s] = b
	}
	return b
}

func (o *writer) time(ms int64) []byte {
	if ms != o.timeMS || o.timeText == nil {
		o.timeMS = ms
		o.timeText = time.UnixMilli(ms).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z")
	}
	return o.timeText
}

// repeat gives a command that was answered before its first answer again.
func (o *writer) repeat(w partitions.Window, q *request, first entities.Outcome) {
	a := &entities.Answer{
		Status: entities.Accepted, Sequence: first.Sequence, Events: first.Events, Reply: first.Reply, Repeated: true,
	}
	if first.Rejected {
		a.Status, a.Code, a.Message = entities.Rejected, first.Code, first.Message
	}
	o.answer(w, q, "repeated", a)
}

// answer counts a command's outcome and tells it to whoever asked to be told.
func (o *writer) answer(w partitions.Window, q *request, outcome string, a *entities.Answer) {
	w.Count(partitions.Tally{Kind: partitions.CommandDecided, Label: outcome, RecordTimeMS: q.command.NowMS})
	o.tell(w, q, a)
}

// tell sends an answer to whoever asked for one.
func (o *writer) tell(w partitions.Window, q *request, a *entities.Answer) {
	if q.returnTo != nil {
		o.tellAsCommand(w, q, a)
	}
	if q.replyTopic == "" {
		return
	}
	partition, ok := w.CanReply(q.replyTopic, q.replyPartition)
	if !ok || q.record.ReplyRefused {
		w.Count(partitions.Tally{Kind: partitions.ReplyDropped})
		return
	}
	headers := make([]kgo.RecordHeader, 0, 3)
	headers = append(headers, kgo.RecordHeader{Key: records.ContentType, Value: jsonType})
	if q.correlationID != nil {
		headers = append(headers, kgo.RecordHeader{Key: records.CorrelationID, Value: q.correlationID})
	}
	if q.trace != nil {
		headers = append(headers, kgo.RecordHeader{Key: records.TraceParent, Value: q.trace})
	}
	r := &kgo.Record{
		Topic: q.replyTopic, Partition: partition, Key: q.record.Key, Value: a.Append(make([]byte, 0, answerBytes)), Headers: headers,
	}
	if recordBytes(r) > o.definition.MaxRecordBytes {
		w.Count(partitions.Tally{Kind: partitions.ReplyDropped})
		return
	}
	w.Produce(q.cause, partitions.OutputReply, r)
}

// tellAsCommand sends an answer as a command to the entity that waits for it. Like any answer it is dropped, and counted, if the broker will not have it.
func (o *writer) tellAsCommand(w partitions.Window, q *request, a *entities.Answer) {
	r, err := o.outbox.Answer(o.cause(q), q.returnTo, a)
	// The address came with the record. What nobody can tell now the broker will.
	n, unknown := w.Partitions(q.returnTo.Topic)
	if err != nil || q.record.ReplyRefused || unknown == nil && q.returnTo.Partition >= n {
		w.Count(partitions.Tally{Kind: partitions.ReplyDropped})
		return
	}
	w.Produce(q.cause, partitions.OutputReply, r)
	w.Count(partitions.Tally{Kind: partitions.MessageSent, Label: "answer"})
}

// cause is the command as what others are sent for.
func (o *writer) cause(q *request) *outbox.Cause {
	return &outbox.Cause{
		Component: o.definition.Name, EntityID: q.command.EntityID, ID: q.command.ID, Correlation: q.correlation, Hops: q.hops, Trace: q.trace,
	}
}

// answerBytes is what most answers take at most.
const answerBytes = 128

// forward sends a command that a client put on the wrong partition to the right one, in this transaction. It gets a command id if it has none, so
// that what is remembered of it does not depend on where it was found.
func (o *writer) forward(w partitions.Window, q *request) {
	r := q.record
	place := []byte(records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}.String())
	headers := append(make([]kgo.RecordHeader, 0, len(r.Headers)+2), r.Headers...)
	headers = append(headers, kgo.RecordHeader{Key: records.Forwarded, Value: place})
	if !q.given {
		headers = append(headers, kgo.RecordHeader{Key: records.ID, Value: place})
	}
	w.Produce(r, partitions.OutputForward, &kgo.Record{
		Topic: r.Topic, Partition: records.Partition(r.Key, o.definition.Topics.Partitions),
		Key: r.Key, Value: r.Value, Headers: headers, Timestamp: r.Timestamp,
	})
	w.Count(partitions.Tally{Kind: partitions.CommandForwarded})
}

// fail answers a command that could not be decided, and keeps it as a dead letter.
func (o *writer) fail(w partitions.Window, q *request, sequence int64, f *entities.Failure) {
	o.bury(w, q, sequence, f)
	o.answer(w, q, "failed", &entities.Answer{Status: entities.Failed, Code: string(f.Code), Message: f.Message, Sequence: sequence})
}

func (o *writer) bury(w partitions.Window, q *request, sequence int64, f *entities.Failure) {
	w.Produce(q.cause, partitions.OutputDeadLetter, partitions.DeadLetter(q.record, partitions.Death{
		Topic: o.deadLetters, Partition: o.shard, Reason: string(f.Code), Message: f.Message, Component: o.definition.Name,
		Version: o.definition.Version, Sequence: sequence, NowMS: w.NowMS(), MaxBytes: o.definition.MaxRecordBytes,
	}))
	w.Count(partitions.Tally{Kind: partitions.DeadLettered, Label: string(f.Code), Detail: f.Message})
}

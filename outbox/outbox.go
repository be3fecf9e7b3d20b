package outbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// A Cause is the command or message that something is sent for.
type Cause struct {
	// Component is the entity type or the subscription that sends, EntityID the entity; empty for a subscription.
	Component, EntityID string
	// ID is the command's or the message's, Correlation that of the first one in the chain.
	ID, Correlation string
	// Hops is how many sends are behind it.
	Hops int
	// Trace is the header traceparent; nil for none.
	Trace []byte
}

// sender is "cart/c1", or the name of a subscription.
func (c *Cause) sender() string {
	if c.EntityID == "" {
		return c.Component
	}
	return c.Component + "/" + c.EntityID
}

// A Letter is a record that is ready to be produced.
type Letter struct {
	Kind   partitions.OutputKind
	Record *kgo.Record
}

// Tally counts the letter.
func (l *Letter) Tally() partitions.Tally {
	label := "send"
	if l.Kind == partitions.OutputPublication {
		label = "publish"
	}
	return partitions.Tally{Kind: partitions.MessageSent, Label: label}
}

// A Writer makes the records of one component.
type Writer struct {
	topics         topics.Context
	maxRecordBytes int
}

// NewWriter is a writer for a component of the context. maxRecordBytes bounds each record, headers included.
func NewWriter(c topics.Context, maxRecordBytes int) Writer {
	return Writer{topics: c, maxRecordBytes: maxRecordBytes}
}

// Write makes the records, in the order in which they leave. An error that is *entities.Failure is the sender's; any other goes away by itself, and the
// window is to be decided again. at is ce_time of publications.
func (o Writer) Write(w partitions.Window, c *Cause, sent *entities.Messages, at time.Time) ([]Letter, error) {
	letters := make([]Letter, 0, sent.Count())
	for i := range sent.Sends {
		r, err := o.send(w, c, &sent.Sends[i])
		if err != nil {
			return nil, err
		}
		letters = append(letters, Letter{partitions.OutputSend, r})
	}
	for i := range sent.Publications {
		r, err := o.publish(c, &sent.Publications[i], i, at)
		if err != nil {
			return nil, err
		}
		letters = append(letters, Letter{partitions.OutputPublication, r})
	}
	return letters, nil
}

func (o Writer) send(w partitions.Window, c *Cause, s *entities.Send) (*kgo.Record, error) {
	what := "a command for " + s.Entity + "/" + s.ID
	if failure := checkKey([]byte(s.ID), what); failure != nil {
		return nil, failure
	}
	topic, count, err := o.target(w, s)
	if err != nil {
		return nil, err
	}
	headers := append(make([]kgo.RecordHeader, 0, 8),
		kgo.RecordHeader{Key: records.Type, Value: []byte(s.Type)},
		kgo.RecordHeader{Key: records.ContentType, Value: []byte(s.Payload.ContentType)},
	)
	headers = append(headers, o.chain(c, c.Hops+1)...)
	if s.OnReply != nil {
		address, err := o.returnAddress(c, s.OnReply)
		if err != nil {
			return nil, err
		}
		headers = append(headers, kgo.RecordHeader{Key: records.OnReply, Value: address})
	}
	r := &kgo.Record{Topic: topic, Partition: records.Partition([]byte(s.ID), count), Key: []byte(s.ID), Value: s.Payload.Data, Headers: headers}
	return r, o.checkSize(r, what)
}

// target is where commands of the receiver go.
func (o Writer) target(w partitions.Window, s *entities.Send) (topic string, count int32, err error) {
	if s.Context == "" {
		return o.topics.Commands(s.Entity).Name, o.topics.Partitions, nil
	}
	topic = topics.Context{Name: s.Context}.Commands(s.Entity).Name
	if count, err = w.Partitions(topic); err != nil {
		return "", 0, err
	}
	if count == 0 {
		return "", 0, &entities.Failure{
			Code:    entities.UnknownTarget,
			Message: fmt.Sprintf("there is no topic %s: does context %s have an entity %s, and were its topics made (processor topics)?", topic, s.Context, s.Entity),
		}
	}
	return topic, count, nil
}

// chain are the headers that tell what a record comes of.
func (o Writer) chain(c *Cause, hops int) []kgo.RecordHeader {
	headers := append(make([]kgo.RecordHeader, 0, 6),
		kgo.RecordHeader{Key: records.Causation, Value: []byte(c.ID)},
		kgo.RecordHeader{Key: records.Correlation, Value: []byte(c.Correlation)},
		kgo.RecordHeader{Key: records.Hops, Value: strconv.AppendInt(nil, int64(hops), 10)},
	)
	headers = append(headers, kgo.RecordHeader{Key: records.Sender, Value: []byte(c.sender())})
	if c.Trace != nil {
		headers = append(headers, kgo.RecordHeader{Key: records.TraceParent, Value: c.Trace})
	}
	return headers
}

func (o Writer) returnAddress(c *Cause, reply *entities.OnReply) ([]byte, error) {
	if !utf8.ValidString(c.EntityID) {
		return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("on_reply %s: the id %q is no text, and an answer could not find it", reply.Type, c.EntityID)}
	}
	a := records.ReturnAddress{
		Topic: o.topics.Commands(c.Component).Name, Partition: records.Partition([]byte(c.EntityID), o.topics.Partitions),
		ID: c.EntityID, Type: reply.Type, Take: reply.Take,
	}
	if reply.Fields != nil {
		if err := json.Unmarshal(reply.Fields, &a.Fields); err != nil {
			return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("on_reply %s: its fields: %v", reply.Type, err)}
		}
	}
	value, err := a.Append(nil)
	if err != nil {
		return nil, &entities.Failure{Code: entities.SizeLimit, Message: err.Error()}
	}
	return value, nil
}

func (o Writer) publish(c *Cause, p *entities.Publication, number int, at time.Time) (*kgo.Record, error) {
	what := "a message of " + p.Name
	if failure := checkKey([]byte(p.Key), what); failure != nil {
		return nil, failure
	}
	headers := append(make([]kgo.RecordHeader, 0, 12),
		kgo.RecordHeader{Key: records.SpecVersion, Value: []byte(records.CloudEventsVersion)},
		// The same when the window is decided again, and no other message's.
		kgo.RecordHeader{Key: records.ID, Value: fmt.Appendf(nil, "%s/%s/%d", c.sender(), c.ID, number)},
		kgo.RecordHeader{Key: records.Type, Value: []byte(p.Type)},
		kgo.RecordHeader{Key: records.Source, Value: []byte(o.topics.Name)},
		kgo.RecordHeader{Key: records.Subject, Value: []byte(p.Key)},
		kgo.RecordHeader{Key: records.Time, Value: at.UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z")},
		kgo.RecordHeader{Key: records.ContentType, Value: []byte(p.Payload.ContentType)},
	)
	r := &kgo.Record{
		Topic: o.topics.Publication(p.Name).Name, Partition: records.Partition([]byte(p.Key), o.topics.Partitions), Key: []byte(p.Key),
		Value: p.Payload.Data, Headers: append(headers, o.chain(c, c.Hops+1)...),
	}
	return r, o.checkSize(r, what)
}

const maxKeyBytes = 1024

func checkKey(key []byte, what string) *entities.Failure {
	switch {
	case len(key) == 0:
		return &entities.Failure{Code: entities.NoKey, Message: what + " has no key"}
	case len(key) > maxKeyBytes:
		return &entities.Failure{Code: entities.KeyTooLong, Message: fmt.Sprintf("%.60s…: its key has %d bytes, at most %d are a key", what, len(key), maxKeyBytes)}
	case entities.IsReserved(key):
		return &entities.Failure{Code: entities.Malformed, Message: "a key begins as those under which Partita keeps waiting commands: it cannot be an id"}
	}
	return nil
}

func (o Writer) checkSize(r *kgo.Record, what string) error {
	const recordOverhead, headerOverhead = 32, 10
	n := len(r.Key) + len(r.Value) + recordOverhead
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value) + headerOverhead
	}
	if n > o.maxRecordBytes {
		return &entities.Failure{Code: entities.SizeLimit, Message: fmt.Sprintf("%.100s would take %d bytes, at most %d are written", what, n, o.maxRecordBytes)}
	}
	return nil
}

package commands

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A request is a command record with its headers understood.
type request struct {
	record *partitions.Record
	// cause is the input record that the engine holds responsible for what comes of it: record itself, or the operation that released it.
	cause   *partitions.Record
	command entities.Command

	// given tells that the sender named the command; hash stands for that name.
	given bool
	hash  entities.CommandHash

	expected    int64 // -1: any sequence
	deadlineMS  int64 // -1: none
	correlation string
	trace       []byte
	forwarded   bool
	// hops is how many sends are behind the command.
	hops int

	replyTopic     string
	replyPartition int32 // -1: any
	correlationID  []byte
	// returnTo is who is told the answer as a command; nil for nobody.
	returnTo *records.ReturnAddress

	// operation is what an operator asks instead of a command; nil for a command.
	operation *string

	// badHeader is what is wrong with a header; empty if nothing is.
	badHeader string
}

// A reader makes requests of one task's records. Requests are used again: nothing keeps one that was released.
type reader struct {
	// source is "topic/partition/" of the task's input: with the offset behind it, the id of a command whose sender gave none.
	source []byte
	free   []*request
}

func newReader(input records.TopicPartition) reader {
	return reader{source: append([]byte(input.String()), '/')}
}

// understand reads the headers of a record. The entity's id is the caller's to fill in.
func (d *reader) understand(r *partitions.Record) *request {
	q := d.take()
	headers := q.command.Headers[:0]
	*q = request{record: r, cause: r, expected: -1, deadlineMS: -1, replyPartition: -1}
	q.command.Payload.Data = r.Value
	q.command.NowMS = r.Timestamp.UnixMilli()
	var source, id []byte
	for _, h := range r.Headers {
		headers = append(headers, entities.Header(h))
		switch h.Key {
		case records.Source:
			source = h.Value
		case records.ID:
			id = h.Value
		default:
			q.header(h.Key, h.Value)
		}
	}
	q.command.Headers = headers
	if q.given = len(id) > 0; q.given {
		q.command.ID = records.CommandID(string(source), string(id))
		q.hash = entities.HashCommand(string(source), string(id))
	} else {
		q.command.ID = string(d.place(r))
	}
	if q.correlation == "" {
		q.correlation = q.command.ID
	}
	return q
}

func (d *reader) take() *request {
	if n := len(d.free); n > 0 {
		q := d.free[n-1]
		d.free = d.free[:n-1]
		return q
	}
	return new(request)
}

// release takes a request back. It lets go of what the request refers to, so that idle tasks hold no fetched records.
func (d *reader) release(q *request) {
	clear(q.command.Headers)
	*q = request{command: entities.Command{Headers: q.command.Headers[:0]}}
	d.free = append(d.free, q)
}

// place is the [records.Place] of a record of the input, as text.
func (d *reader) place(r *partitions.Record) []byte {
	return strconv.AppendInt(append(make([]byte, 0, len(d.source)+20), d.source...), r.Offset, 10)
}

func (q *request) header(key string, value []byte) {
	switch key {
	case records.Type:
		// Senders may give the full name; within an entity type the last part is unique.
		name := string(value)
		q.command.Type = name[strings.LastIndexByte(name, '.')+1:]
	case records.ContentType:
		q.command.Payload.ContentType = string(value)
	case records.ExpectedSequence:
		q.expected = q.number(key, value)
	case records.Deadline:
		q.deadlineMS = q.number(key, value)
	case records.Correlation:
		q.correlation = string(value)
	case records.TraceParent:
		q.trace = value
	case records.Operation:
		operation := string(value)
		q.operation = &operation
	case records.Forwarded:
		q.forwarded = true
	case records.Hops:
		q.hops = int(q.number(key, value))
	case records.OnReply:
		to, err := records.ParseReturnAddress(value)
		if err != nil {
			q.badHeader = err.Error()
			return
		}
		q.returnTo = to
	case records.ReplyTopic:
		q.replyTopic = string(value)
	case records.CorrelationID:
		q.correlationID = value
	case records.ReplyPartition:
		p, err := records.ParseReplyPartition(value)
		if err != nil {
			q.badHeader = err.Error()
			return
		}
		q.replyPartition = p
	}
}

// number reads decimal text that is not negative.
func (q *request) number(key string, value []byte) int64 {
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		q.badHeader = fmt.Sprintf("%s: %.100q is not a number from 0", key, value)
		return -1
	}
	return n
}

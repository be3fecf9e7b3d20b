package commands

import (
	"fmt"
	"strconv"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A request is a command record with its headers understood.
type request struct {
	record  *partitions.Record
	command entities.Command

	// given tells that the sender named the command; hash stands for that name.
	given bool
	hash  entities.CommandHash

	expected    int64 // -1: any sequence
	deadlineMS  int64 // 0: none
	correlation string
	trace       []byte
	forwarded   bool

	replyTopic     string
	replyPartition int32 // -1: any
	correlationID  []byte

	// badHeader is what is wrong with a header; empty if nothing is.
	badHeader string
}

// understand reads the headers of a record. It keeps no reference to the request's earlier content.
func understand(r *partitions.Record) *request {
	q := &request{record: r, expected: -1, replyPartition: -1}
	q.command.EntityID = string(r.Key)
	q.command.Payload.Data = r.Value
	q.command.NowMS = r.Timestamp.UnixMilli()
	if len(r.Headers) > 0 {
		q.command.Headers = make([]entities.Header, len(r.Headers))
	}
	var source, id string
	for i, h := range r.Headers {
		q.command.Headers[i] = entities.Header(h)
		switch h.Key {
		case records.Source:
			source = string(h.Value)
		case records.ID:
			id = string(h.Value)
		default:
			q.header(h.Key, h.Value)
		}
	}
	if q.given = id != ""; q.given {
		q.command.ID = records.CommandID(source, id)
		q.hash = entities.HashCommand(source, id)
	} else {
		q.command.ID = placeOf(r).String()
	}
	if q.correlation == "" {
		q.correlation = q.command.ID
	}
	return q
}

func (q *request) header(key string, value []byte) {
	switch key {
	case records.Type:
		q.command.Type = string(value)
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
	case records.Forwarded:
		q.forwarded = true
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
		q.badHeader = fmt.Sprintf("%s: %q is not a number from 0", key, value)
		return -1
	}
	return n
}

func placeOf(r *partitions.Record) records.Place {
	return records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
}

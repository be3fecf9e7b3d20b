package records

import (
	"encoding/binary"
	"fmt"
)

// Headers of the CloudEvents Kafka binding, binary mode.
const (
	SpecVersion = "ce_specversion"
	// Type is the last part of the record's name ("AddItem").
	Type = "ce_type"
	// Source and ID are together the command id, or the id of an event (see [EventID]).
	Source  = "ce_source"
	ID      = "ce_id"
	Subject = "ce_subject"
	// Time is RFC 3339.
	Time        = "ce_time"
	ContentType = "content-type"
)

// CloudEventsVersion is the value of [SpecVersion].
const CloudEventsVersion = "1.0"

// TraceParent is the W3C trace context, carried from a command to its events and to rows.
const TraceParent = "traceparent"

// Headers that Partita reads from commands. Their values are decimal text.
const (
	// ExpectedSequence refuses the command unless the entity stands at this sequence.
	ExpectedSequence = "partita_expected_sequence"
	// Deadline refuses the command after this time, in ms since 1970.
	Deadline = "partita_deadline"
)

// Headers that Partita writes.
const (
	// Sequence is which event of its entity this is; on a row, the sequence of the event that made it; on a dead letter, where the entity
	// stood.
	Sequence = "partita_sequence"
	// Causation is the id of the command that caused the record.
	Causation = "partita_causation"
	// Correlation is carried from the first command on through everything that follows from it.
	Correlation = "partita_correlation"
	// Hops is how many sends are behind a command that an entity sent, Sender is that entity, "entity/id", or the name of a subscription.
	Hops   = "partita_hops"
	Sender = "partita_sender"
	// OnReply is on a command a [ReturnAddress]: its answer becomes a command there.
	OnReply = "partita_on_reply"
	// Deletes is "true" on the event that ends its entity.
	Deletes = "partita_deletes"
	// RowSource is on a row the id of the event that it knows of last, "entity/id/sequence".
	RowSource = "partita_source"
	// Forwarded marks a command that was found on a foreign partition, with the [Place] it came from.
	Forwarded = "partita_forwarded"
	// Name is the full name of the schema, in the schema topic.
	Name = "partita_name"
)

// Headers of a dead letter and of a waiting command of a parked entity, beside those of the record that it was, and [Sequence].
const (
	// DeadLetterReason is a code ("malformed"), DeadLetterMessage the same for people.
	DeadLetterReason  = "partita_reason"
	DeadLetterMessage = "partita_message"
	// DeadLetterSource is the [Place] of the record.
	DeadLetterSource    = "partita_source"
	DeadLetterComponent = "partita_component"
	// DeadLetterHandler is the version of the behaviour that could not process it.
	DeadLetterHandler = "partita_handler_version"
	// DeadLetterTime is when, in ms since 1970.
	DeadLetterTime = "partita_time"
	// DeadLetterTruncated is the length that the value had; it is there when something of the record was cut or left out to fit.
	DeadLetterTruncated = "partita_truncated"
)

// Headers that say where an answer goes, as Spring for Apache Kafka sends them.
const (
	ReplyTopic = "kafka_replyTopic"
	// ReplyPartition is read by [ParseReplyPartition].
	ReplyPartition = "kafka_replyPartition"
	CorrelationID  = "kafka_correlationId"
)

// ParseReplyPartition reads the value of [ReplyPartition]: four bytes, big endian, as Spring sends it, or decimal text, as people do. Four
// digits are text: as bytes they would name a partition beyond 800 million.
func ParseReplyPartition(value []byte) (int32, error) {
	if len(value) == 4 && !allDigits(value) {
		n := binary.BigEndian.Uint32(value)
		if n > maxPartition {
			return 0, fmt.Errorf("%s: %d is more than Kafka can have", ReplyPartition, n)
		}
		return int32(n), nil
	}
	n, err := parsePartition(string(value))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", ReplyPartition, err)
	}
	return n, nil
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

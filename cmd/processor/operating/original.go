package operating

import (
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// Why is what the headers of a dead letter, or of a command that waits, say of it.
type Why struct {
	Reason, Message, Component, Version string
	// Source is where the record came from.
	Source string
	// Sequence is where the entity stood.
	Sequence string
	At       time.Time
	// Cut: something of the record was left out.
	Cut bool
}

// Original takes apart what Partita wrote of a record: its headers as they were, and those that say why. Its own are the last ones, and begin with
// the last partita_reason: whatever the record itself had before that, it keeps.
func Original(r *kgo.Record) (headers []kgo.RecordHeader, why Why) {
	at := len(r.Headers)
	for i, h := range slices.Backward(r.Headers) {
		if h.Key == records.DeadLetterReason {
			at = i
			break
		}
	}
	for _, h := range r.Headers[at:] {
		value := string(h.Value)
		switch h.Key {
		case records.DeadLetterReason:
			why.Reason = value
		case records.DeadLetterMessage:
			why.Message = value
		case records.DeadLetterComponent:
			why.Component = value
		case records.DeadLetterHandler:
			why.Version = value
		case records.DeadLetterSource:
			why.Source = value
		case records.Sequence:
			why.Sequence = value
		case records.DeadLetterTruncated:
			why.Cut = true
		case records.DeadLetterTime:
			if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
				why.At = time.UnixMilli(ms).UTC()
			}
		}
	}
	return r.Headers[:at:at], why
}

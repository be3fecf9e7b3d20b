package partitions

import (
	"strconv"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// A Death says why an input record could not be processed, and where that is kept.
type Death struct {
	Topic     string
	Partition int32
	// Reason is a failure code, Message the same for people.
	Reason, Message string
	Component       string
	// Version is that of the behaviour that could not process it.
	Version string
	// Sequence is where the entity stood; 0 if that means nothing.
	Sequence int64
	NowMS    int64
	// MaxBytes bounds the dead letter: what is too long is cut, the message first.
	MaxBytes int
}

const (
	deathMessageMax = 1024
	// deathOverhead is about what a record and the headers of its death take beside the message.
	deathOverhead = 1024
	// deathHeaderBytes is what a header takes beside its key and value.
	deathHeaderBytes = 10
	// deathRefusedMax bounds the dead letter of a record whose output was refused. What was refused may have been its dead letter, in a topic that
	// takes less than we think; the whole record is still where it came from.
	deathRefusedMax = 64 << 10
)

// DeadLetter is the record with its reason: key, value and headers as they were, and headers that say why. What leaves no room for them is cut or
// left out; then the header partita_truncated gives the length that the value had.
func DeadLetter(r *Record, d Death) *kgo.Record {
	if r.Refused != "" {
		d.MaxBytes = min(d.MaxBytes, deathRefusedMax)
	}
	message := cutText(d.Message, deathMessageMax)
	room := d.MaxBytes - deathOverhead - len(message) - len(d.Component) - len(d.Version)
	dead := &kgo.Record{Topic: d.Topic, Partition: d.Partition, Key: cut(r.Key, &room)}
	whole := len(dead.Key) == len(r.Key)
	for _, h := range r.Headers {
		size := len(h.Key) + len(h.Value) + deathHeaderBytes
		if size > room {
			whole = false
			continue
		}
		room -= size
		dead.Headers = append(dead.Headers, h)
	}
	place := records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
	dead.Headers = append(dead.Headers,
		kgo.RecordHeader{Key: records.DeadLetterReason, Value: []byte(d.Reason)},
		kgo.RecordHeader{Key: records.DeadLetterMessage, Value: []byte(message)},
		kgo.RecordHeader{Key: records.DeadLetterSource, Value: []byte(place.String())},
		kgo.RecordHeader{Key: records.DeadLetterComponent, Value: []byte(d.Component)},
		kgo.RecordHeader{Key: records.DeadLetterHandler, Value: []byte(d.Version)},
		kgo.RecordHeader{Key: records.Sequence, Value: strconv.AppendInt(nil, d.Sequence, 10)},
		kgo.RecordHeader{Key: records.DeadLetterTime, Value: strconv.AppendInt(nil, d.NowMS, 10)},
	)
	if dead.Value = cut(r.Value, &room); !whole || len(dead.Value) < len(r.Value) {
		dead.Headers = append(dead.Headers, kgo.RecordHeader{Key: records.DeadLetterTruncated, Value: strconv.AppendInt(nil, int64(len(r.Value)), 10)})
	}
	return dead
}

// cut returns as much of b as there is room for, and takes the room.
func cut(b []byte, room *int) []byte {
	if len(b) > max(*room, 0) {
		b = b[:max(*room, 0)]
	}
	*room -= len(b)
	return b
}

// cutText cuts s after at most most bytes, between two characters.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

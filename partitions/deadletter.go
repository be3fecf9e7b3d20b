package partitions

import (
	"strconv"

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
	deathOverhead   = 1024
)

// DeadLetter is the record with its reason: key, value and headers as they were, and headers that say why. A value that leaves no room for them is
// cut, and the header partita_truncated gives its length.
func DeadLetter(r *Record, d Death) *kgo.Record {
	if len(d.Message) > deathMessageMax {
		d.Message = d.Message[:deathMessageMax]
	}
	place := records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
	why := []kgo.RecordHeader{
		{Key: records.DeadLetterReason, Value: []byte(d.Reason)},
		{Key: records.DeadLetterMessage, Value: []byte(d.Message)},
		{Key: records.DeadLetterSource, Value: []byte(place.String())},
		{Key: records.DeadLetterComponent, Value: []byte(d.Component)},
		{Key: records.DeadLetterHandler, Value: []byte(d.Version)},
		{Key: records.Sequence, Value: strconv.AppendInt(nil, d.Sequence, 10)},
		{Key: records.DeadLetterTime, Value: strconv.AppendInt(nil, d.NowMS, 10)},
	}
	room := d.MaxBytes - deathOverhead - len(d.Message)
	dead := &kgo.Record{Topic: d.Topic, Partition: d.Partition, Key: cut(r.Key, &room), Value: r.Value}
	for _, h := range r.Headers {
		if room -= len(h.Key) + len(h.Value); room > 0 {
			dead.Headers = append(dead.Headers, h)
		}
	}
	dead.Headers = append(dead.Headers, why...)
	if dead.Value = cut(r.Value, &room); len(dead.Value) < len(r.Value) {
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

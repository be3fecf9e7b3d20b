package entities

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A Waiting is a command of a parked entity as the entity's store has it.
type Waiting struct {
	// Topic, Partition and Offset are where its record came from.
	Topic     string
	Partition int32
	Offset    int64
	// TimeMS is the record's timestamp, ParkedMS when it began to wait, by the owner's clock; both in ms since 1970.
	TimeMS, ParkedMS int64
	// Failure is what it failed with last; nil while it waits behind another and was never decided.
	Failure *Failure
	Headers []Header
	Value   []byte
}

// waitingPrefix begins the keys of waiting commands in a store and its changelog. No text begins so: it is not UTF-8.
const waitingPrefix = "\xffparked\x00"

// WaitingKey is the key under which a command of a parked entity waits: a prefix, the length of the id, the id, the number. So all that wait for
// one entity lie together, in their order.
func WaitingKey(id string, number int64) []byte {
	key := append(make([]byte, 0, len(waitingPrefix)+3+len(id)+8), waitingPrefix...)
	key = appendBytes(key, id)
	return binary.BigEndian.AppendUint64(key, uint64(number))
}

// waitingFormat is the first byte of a value. The layout is documented in docs/formats/store.md.
const waitingFormat = 1

// maxWaitingMessage bounds the message of a failure that is kept.
const maxWaitingMessage = 1024

// CutMessage is as much of a failure's message as is kept with a waiting command.
func CutMessage(message string) string { return cutText(message, maxWaitingMessage) }

// Append appends the command as bytes. The message of its failure is cut at 1 KiB.
func (c *Waiting) Append(dst []byte) []byte {
	dst = append(dst, waitingFormat)
	dst = appendBytes(dst, c.Topic)
	dst = binary.AppendUvarint(dst, uint64(c.Partition))
	dst = binary.AppendUvarint(dst, uint64(c.Offset))
	dst = binary.AppendVarint(dst, c.TimeMS)
	dst = binary.AppendVarint(dst, c.ParkedMS)
	failure := Failure{}
	if c.Failure != nil {
		failure = *c.Failure
	}
	dst = appendBytes(dst, string(failure.Code))
	dst = appendBytes(dst, CutMessage(failure.Message))
	dst = binary.AppendUvarint(dst, uint64(len(c.Headers)))
	for _, h := range c.Headers {
		dst = appendBytes(appendBytes(dst, h.Key), string(h.Value))
	}
	return append(dst, c.Value...)
}

var errWaitingTruncated = errors.New("waiting command: ends in the middle")

// ParseWaiting reads what Append writes. Values refer to b.
func ParseWaiting(b []byte) (Waiting, error) {
	if len(b) == 0 {
		return Waiting{}, errWaitingTruncated
	}
	if b[0] != waitingFormat {
		return Waiting{}, fmt.Errorf("waiting command of format %d: this version reads format %d; run the version that wrote it, or a newer one", b[0], waitingFormat)
	}
	r := reader{rest: b[1:]}
	c := Waiting{Topic: r.text(), Partition: int32(r.count()), Offset: r.count(), TimeMS: r.varint(), ParkedMS: r.varint()}
	if failure := (Failure{Code: FailureCode(r.text()), Message: r.text()}); failure.Code != "" {
		c.Failure = &failure
	}
	n := r.count()
	// Each header takes at least 2 bytes: a count that the bytes cannot hold is not believed.
	if n > int64(len(r.rest)/2) {
		return Waiting{}, errWaitingTruncated
	}
	for range n {
		c.Headers = append(c.Headers, Header{Key: r.text(), Value: r.bytes()})
	}
	if r.failed {
		return Waiting{}, errWaitingTruncated
	}
	c.Value = r.rest
	return c, nil
}

// bytes are never nil: a header without a value is one with an empty value.
func (r *reader) bytes() []byte {
	n := r.count()
	if n > int64(len(r.rest)) {
		n = -1
	}
	return r.take(int(n))
}

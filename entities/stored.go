package entities

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Stored is an entity as its store and its changelog have it.
type Stored struct {
	// Fingerprint is that of the schema that State was written under.
	Fingerprint uint64
	// Sequence is that of the last event, EventTimeMS its time; both 0 for an entity that only remembers rejections.
	Sequence    int64
	EventTimeMS int64
	// Parked is set while commands of the entity wait; nil for most.
	Parked   *Parked
	Outcomes []Outcome
	// State is the encoded state; empty for the initial one.
	State []byte
}

// The first byte. The layout is documented in docs/formats/store.md.
const (
	storedFormat = 1
	// parkedFormat is that of an entity whose commands wait.
	parkedFormat = 2
)

const flagRejected = 1

// Append appends the entity as bytes.
func (s *Stored) Append(dst []byte) []byte {
	if s.Parked == nil {
		dst = append(dst, storedFormat)
	} else {
		dst = append(dst, parkedFormat)
	}
	dst = binary.BigEndian.AppendUint64(dst, s.Fingerprint)
	dst = binary.AppendUvarint(dst, uint64(s.Sequence))
	dst = binary.AppendVarint(dst, s.EventTimeMS)
	if s.Parked != nil {
		dst = s.Parked.append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.Outcomes)))
	for i := range s.Outcomes {
		dst = s.Outcomes[i].append(dst)
	}
	return append(dst, s.State...)
}

func (o *Outcome) append(dst []byte) []byte {
	dst = append(dst, o.Command[:]...)
	flags := byte(0)
	if o.Rejected {
		flags |= flagRejected
	}
	dst = append(dst, flags)
	dst = binary.AppendVarint(dst, o.TimeMS)
	dst = binary.AppendUvarint(dst, uint64(o.Sequence))
	dst = binary.AppendUvarint(dst, uint64(o.Events))
	dst = appendBytes(dst, o.Code)
	dst = appendBytes(dst, o.Message)
	return appendBytes(dst, string(o.Reply))
}

func appendBytes(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

var errStoredTruncated = errors.New("stored entity: ends in the middle")

// ParseStored reads what Append writes. State refers to b, and is nil if it is empty.
func ParseStored(b []byte) (Stored, error) {
	if len(b) == 0 {
		return Stored{}, errStoredTruncated
	}
	if b[0] != storedFormat && b[0] != parkedFormat {
		return Stored{}, fmt.Errorf("stored entity of format %d: this version reads formats %d and %d; run the version that wrote it, or a newer one",
			b[0], storedFormat, parkedFormat)
	}
	r := reader{rest: b[1:]}
	s := Stored{Fingerprint: r.fixed64(), Sequence: r.count(), EventTimeMS: r.varint()}
	if b[0] == parkedFormat {
		s.Parked = r.parked()
	}
	n := r.count()
	// Each outcome takes at least 23 bytes: a count that the bytes cannot hold is not believed.
	if n > int64(len(r.rest)/minOutcomeLength) {
		return Stored{}, errStoredTruncated
	}
	if n > 0 {
		s.Outcomes = make([]Outcome, n)
	}
	for i := range s.Outcomes {
		s.Outcomes[i] = r.outcome()
	}
	if r.failed {
		return Stored{}, errStoredTruncated
	}
	if len(r.rest) > 0 {
		s.State = r.rest
	}
	return s, nil
}

const minOutcomeLength = 16 + 1 + 6

// A reader takes values off the front of bytes; after the first that is not there it has failed for good.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if r.failed || n < 0 || n > len(r.rest) {
		r.failed, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) fixed64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		n = -1
	}
	if r.take(n) == nil {
		return 0
	}
	return v
}

// count reads a number that is not negative.
func (r *reader) count() int64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > 1<<62 {
		n = -1
	}
	if r.take(n) == nil {
		return 0
	}
	return int64(v)
}

func (r *reader) text() string {
	n := r.count()
	if n > int64(len(r.rest)) {
		n = -1
	}
	return string(r.take(int(n)))
}

func (r *reader) outcome() Outcome {
	var o Outcome
	copy(o.Command[:], r.take(len(o.Command)))
	if flags := r.take(1); flags != nil {
		o.Rejected = flags[0]&flagRejected != 0
	}
	o.TimeMS, o.Sequence, o.Events = r.varint(), r.count(), int(r.count())
	o.Code, o.Message = r.text(), r.text()
	if reply := r.text(); reply != "" {
		o.Reply = []byte(reply)
	}
	return o
}

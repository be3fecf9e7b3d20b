package records

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ProgressKey is the key of a progress record: which input of which component it is about. The record lies on the partition of the shard that
// the task belongs to.
type ProgressKey struct {
	Component string
	TopicPartition
}

// String is "component/topic/partition". Neither components nor topics contain slashes.
func (k ProgressKey) String() string {
	return k.Component + "/" + k.TopicPartition.String()
}

// ParseProgressKey reads what [ProgressKey.String] writes.
func ParseProgressKey(s string) (ProgressKey, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" {
		return ProgressKey{}, fmt.Errorf("progress key %q: want component/topic/partition", s)
	}
	partition, err := parsePartition(parts[2])
	if err != nil {
		return ProgressKey{}, fmt.Errorf("progress key %q: %w", s, err)
	}
	return ProgressKey{Component: parts[0], TopicPartition: TopicPartition{Topic: parts[1], Partition: partition}}, nil
}

// A Window names one transaction: the nonce of the process that made it, and which one of that process.
type Window struct {
	// Instance is made anew at each start, at most 255 bytes.
	Instance string
	Number   uint64
}

// Progress is the value of a progress record: where a component stands in one of its inputs, and which window brought it there.
type Progress struct {
	Position Position
	// TopicID tells a topic from one that was made again under its name; zero when the broker gave none.
	TopicID [16]byte
	// LeaderEpoch is that of the last record read, -1 when unknown: with it a truncated log is noticed.
	LeaderEpoch int32
	Window      Window
	// WrittenMS is when, in ms since 1970, by the clock of the instance.
	WrittenMS int64
}

// The layout is documented in docs/formats/records.md.
const (
	progressFormat   = 1
	progressFixedLen = 1 + 8 + 16 + 4 + 8 + 8 + 1
	maxInstanceLen   = 255
)

var errProgressLength = errors.New("progress record: its length is not that of its format")

// Append appends p as bytes. An instance of more than 255 bytes is cut there.
func (p Progress) Append(dst []byte) []byte {
	dst = append(dst, progressFormat)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Position))
	dst = append(dst, p.TopicID[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(p.LeaderEpoch))
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.WrittenMS))
	dst = binary.BigEndian.AppendUint64(dst, p.Window.Number)
	instance := p.Window.Instance[:min(len(p.Window.Instance), maxInstanceLen)]
	dst = append(dst, byte(len(instance)))
	return append(dst, instance...)
}

// ParseProgress reads what [Progress.Append] writes.
func ParseProgress(b []byte) (Progress, error) {
	if len(b) == 0 {
		return Progress{}, errProgressLength
	}
	if b[0] != progressFormat {
		return Progress{}, fmt.Errorf("progress record of format %d: this version reads format %d; run the version that wrote it, or a newer one",
			b[0], progressFormat)
	}
	if len(b) < progressFixedLen || len(b) != progressFixedLen+int(b[progressFixedLen-1]) {
		return Progress{}, errProgressLength
	}
	p := Progress{
		Position:    Position(binary.BigEndian.Uint64(b[1:])),
		LeaderEpoch: int32(binary.BigEndian.Uint32(b[25:])),
		WrittenMS:   int64(binary.BigEndian.Uint64(b[29:])),
		Window:      Window{Number: binary.BigEndian.Uint64(b[37:]), Instance: string(b[progressFixedLen:])},
	}
	copy(p.TopicID[:], b[9:])
	if p.Position < 0 {
		return Progress{}, fmt.Errorf("progress record: position %d is negative", p.Position)
	}
	return p, nil
}

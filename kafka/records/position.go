package records

import (
	"fmt"
	"strconv"
	"strings"
)

// Offset is the place of a record in its partition.
type Offset int64

// Position is the offset of the record to be read next: everything before it has been read.
type Position int64

// Next is where a reader stands that has read the record at o.
func (o Offset) Next() Position { return Position(o) + 1 }

// Behind is how many offsets lie between p and end; 0 if p has reached end. Markers and compacted records count, so it is an upper bound of
// records.
func (p Position) Behind(end Position) int64 { return max(0, int64(end-p)) }

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is "topic/partition".
func (t TopicPartition) String() string {
	return t.Topic + "/" + strconv.Itoa(int(t.Partition))
}

// Place names one record of the log.
type Place struct {
	TopicPartition
	Offset Offset
}

// String is "topic/partition/offset". It is the value of [Forwarded] and [DeadLetterSource], and the id of a command whose sender gave none.
func (p Place) String() string {
	return p.TopicPartition.String() + "/" + strconv.FormatInt(int64(p.Offset), 10)
}

// ParsePlace reads what [Place.String] writes.
func ParsePlace(s string) (Place, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || parts[0] == "" {
		return Place{}, fmt.Errorf("place %q: want topic/partition/offset", s)
	}
	partition, err := parsePartition(parts[1])
	if err != nil {
		return Place{}, fmt.Errorf("place %q: %w", s, err)
	}
	offset, err := parseNatural(parts[2])
	if err != nil {
		return Place{}, fmt.Errorf("place %q: offset: %w", s, err)
	}
	return Place{TopicPartition: TopicPartition{Topic: parts[0], Partition: partition}, Offset: Offset(offset)}, nil
}

func parsePartition(s string) (int32, error) {
	n, err := parseNatural(s)
	if err != nil {
		return 0, fmt.Errorf("partition: %w", err)
	}
	if n > maxPartition {
		return 0, fmt.Errorf("partition: %d is more than Kafka can have", n)
	}
	return int32(n), nil
}

const maxPartition = 1<<31 - 1

// parseNatural reads a number in its only spelling, so that whatever is parsed prints as it was.
func parseNatural(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%q is not a number from 0", s)
	}
	return n, nil
}

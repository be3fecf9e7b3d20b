package records

import (
	"fmt"
	"strconv"
	"strings"
)

// CommandID names a command by the headers [Source] and [ID] of its sender: "source/id". A sender without a source has only its id.
func CommandID(source, id string) string {
	if source == "" {
		return id
	}
	return source + "/" + id
}

// EventID names an event: which one of which entity.
type EventID struct {
	// Entity is the entity type ("cart"); it never contains a slash. ID may.
	Entity, ID string
	// Sequence counts from 1.
	Sequence int64
}

// String is "entity/id/sequence", the value of [ID] on an event.
func (e EventID) String() string {
	return string(e.Append(make([]byte, 0, len(e.Entity)+len(e.ID)+22)))
}

// Append appends what [EventID.String] returns.
func (e EventID) Append(dst []byte) []byte {
	dst = append(dst, e.Entity...)
	dst = append(dst, '/')
	dst = append(dst, e.ID...)
	dst = append(dst, '/')
	return strconv.AppendInt(dst, e.Sequence, 10)
}

// ParseEventID reads what [EventID.String] writes. The entity ends at the first slash and the sequence begins after the last one; whatever is
// between them, slashes included, is the id.
func ParseEventID(s string) (EventID, error) {
	entity, rest, ok := strings.Cut(s, "/")
	last := strings.LastIndexByte(rest, '/')
	if !ok || entity == "" || last < 1 {
		return EventID{}, fmt.Errorf("event id %q: want entity/id/sequence", s)
	}
	sequence, err := parseNatural(rest[last+1:])
	if err != nil || sequence == 0 {
		return EventID{}, fmt.Errorf("event id %q: the sequence %q is not a number from 1", s, rest[last+1:])
	}
	return EventID{Entity: entity, ID: rest[:last], Sequence: sequence}, nil
}

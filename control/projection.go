package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/partita-io/partita/kafka/records"
)

const projectionKey = "projection/"

// Key is the key of the record about a projection.
func Key(projection string) string { return projectionKey + projection }

// ProjectionOf is the projection that a key is about; ok is false if it is about something else.
func ProjectionOf(key string) (projection string, ok bool) {
	name, ok := strings.CutPrefix(key, projectionKey)
	return name, ok && name != ""
}

// A Projection is what is wanted of one: the value of its record. The zero value, and no record, want nothing: it runs.
type Projection struct {
	// Number counts the records about the projection, from 1: each is based on the one before it.
	Number int64
	// By and Why are who wrote the record and for what reason, At when, RFC 3339.
	By, Why, At string
	// Paused: it reads nothing, and keeps its positions.
	Paused bool
	// Skip are the events, one at most in each partition of an input, that it does not stop before: if they fail, they go to the dead letters.
	Skip map[records.TopicPartition]records.Offset
}

type layout struct {
	Version int    `json:"version"`
	Number  int64  `json:"number"`
	By      string `json:"by"`
	Why     string `json:"why"`
	At      string `json:"at"`
	Paused  bool   `json:"paused,omitempty"`
	// Skip are places, "topic/partition/offset".
	Skip []string `json:"skip,omitempty"`
}

// Value is the value of the projection's record.
func (p Projection) Value() ([]byte, error) {
	l := layout{Version: Version, Number: p.Number, By: p.By, Why: p.Why, At: p.At, Paused: p.Paused}
	for at, offset := range p.Skip {
		l.Skip = append(l.Skip, records.Place{TopicPartition: at, Offset: offset}.String())
	}
	slices.Sort(l.Skip)
	return json.Marshal(l)
}

// Parse reads the value of a projection's record; a tombstone is the zero value. The error is a [NewerError] if the record is of a later version.
func Parse(value []byte) (Projection, error) {
	if value == nil {
		return Projection{}, nil
	}
	var l layout
	if err := decode(value, &l); err != nil {
		return Projection{}, err
	}
	if err := checkNumber(l.Number); err != nil {
		return Projection{}, err
	}
	p := Projection{Number: l.Number, By: l.By, Why: l.Why, At: l.At, Paused: l.Paused}
	for _, s := range l.Skip {
		place, err := records.ParsePlace(s)
		if err != nil {
			return Projection{}, fmt.Errorf("control record: skip: %w", err)
		}
		p.skip(place.TopicPartition, place.Offset)
	}
	return p, nil
}

func (p *Projection) skip(at records.TopicPartition, offset records.Offset) {
	if p.Skip == nil {
		p.Skip = make(map[records.TopicPartition]records.Offset)
	}
	p.Skip[at] = offset
}

// Skipping is p with one more event that it does not stop before; it takes the place of another in the same partition.
func (p Projection) Skipping(at records.TopicPartition, offset records.Offset) Projection {
	p.Skip = maps.Clone(p.Skip)
	p.skip(at, offset)
	return p
}

// Said is who wanted it and why, for people; empty if nobody has said anything yet.
func (p Projection) Said() string {
	if p.Number == 0 {
		return ""
	}
	said := fmt.Sprintf("by %s at %s", p.By, p.At)
	if p.Why != "" {
		said += ": " + p.Why
	}
	return said
}

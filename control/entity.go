package control

import (
	"encoding/json"
	"strings"
	"time"
)

const entityKey = "entity/"

// EntityKey is the key of the record about an entity type.
func EntityKey(entity string) string { return entityKey + entity }

// EntityOf is the entity type that a key is about; ok is false if it is about something else.
func EntityOf(key string) (entity string, ok bool) {
	name, ok := strings.CutPrefix(key, entityKey)
	return name, ok && name != ""
}

// An Entity is what is wanted of an entity type: the value of its record. Each record wants the states of all its entities computed anew from their events.
// The zero value, and no record, want nothing.
type Entity struct {
	// Number grows with each record about the entity type: a shard whose states were computed for a lower one computes them again.
	Number int64
	// By and Why are who wrote the record and for what reason, At when, RFC 3339.
	By, Why, At string
}

// Next is the number of a record that is written behind e at a time: that in ms, so that it is higher than all before also when the topic was made anew.
func (e Entity) Next(at time.Time) int64 { return max(e.Number+1, at.UnixMilli()) }

type entityLayout struct {
	Version int    `json:"version"`
	Number  int64  `json:"number"`
	By      string `json:"by"`
	Why     string `json:"why"`
	At      string `json:"at"`
}

// Value is the value of the entity type's record.
func (e Entity) Value() ([]byte, error) {
	return json.Marshal(entityLayout{Version: Format, Number: e.Number, By: e.By, Why: e.Why, At: e.At})
}

// ParseEntity reads the value of an entity type's record; a tombstone is the zero value. The error is a [NewerError] if the record is of a later version.
func ParseEntity(value []byte) (Entity, error) {
	if value == nil {
		return Entity{}, nil
	}
	var l entityLayout
	if err := decode(value, &l); err != nil {
		return Entity{}, err
	}
	if err := checkNumber(l.Number); err != nil {
		return Entity{}, err
	}
	return Entity{Number: l.Number, By: l.By, Why: l.Why, At: l.At}, nil
}

package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const behaviorKey = "behaviour/"

// BehaviorKey is the key of the record about what a version of a projection was computed by.
func BehaviorKey(projection string, version int) string {
	return behaviorKey + projection + "/" + strconv.Itoa(version)
}

// BehaviorOf is the version, by its component's name, that a key is about; ok is false if it is about something else.
func BehaviorOf(key string) (component string, ok bool) {
	rest, ok := strings.CutPrefix(key, behaviorKey)
	name, digits, found := strings.Cut(rest, "/")
	version, err := strconv.Atoi(digits)
	if !ok || !found || err != nil || name == "" || version < 1 || BehaviorKey(name, version) != key {
		return "", false
	}
	return Component(name, version), true
}

// A Behavior is what a version of a projection was computed by, from its first event to now: the value of its record.
type Behavior struct {
	// Hashes are of all behaviours that ran it, in the order in which they came.
	Hashes []string
}

// mostHashes bounds the record: that there was more than one is what matters.
const mostHashes = 16

// With is b once a process with this behaviour runs it.
func (b Behavior) With(hash string) Behavior {
	if slices.Contains(b.Hashes, hash) || len(b.Hashes) == mostHashes {
		return b
	}
	b.Hashes = append(slices.Clip(b.Hashes), hash)
	return b
}

// Mixed tells that not all rows are what one behaviour makes of all events.
func (b Behavior) Mixed() bool { return len(b.Hashes) > 1 }

type behaviorLayout struct {
	Version int      `json:"version"`
	Hashes  []string `json:"hashes"`
}

// Value is the value of the record.
func (b Behavior) Value() ([]byte, error) {
	return json.Marshal(behaviorLayout{Version: Format, Hashes: b.Hashes})
}

// ParseBehavior reads the value of a record; a tombstone is the zero value. The error is a [NewerError] if the record is of a later version.
func ParseBehavior(value []byte) (Behavior, error) {
	if value == nil {
		return Behavior{}, nil
	}
	if err := checkFormat(value); err != nil {
		return Behavior{}, err
	}
	var l behaviorLayout
	if err := decodeWhole(value, &l); err != nil {
		return Behavior{}, err
	}
	if n := len(l.Hashes); n == 0 || n > mostHashes {
		return Behavior{}, fmt.Errorf("control record: %d hashes: there are 1 to %d", n, mostHashes)
	}
	return Behavior{Hashes: l.Hashes}, nil
}

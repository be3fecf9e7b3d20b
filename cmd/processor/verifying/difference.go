package verifying

import "encoding/json"

// A Difference is an entity of which something else is stored than its events lead to.
type Difference struct {
	Entity string `json:"entity"`
	ID     string `json:"id"`
	Shard  int32  `json:"shard"`
	// Source is where it is stored.
	Source Source `json:"source"`
	Kind   Kind   `json:"difference"`
	// Message says more, for people; it may be empty.
	Message string `json:"message,omitempty"`
	// Events is what the events lead to, Stored what is stored; nil for nothing.
	Events *View `json:"events"`
	Stored *View `json:"stored"`
}

// A View is an entity as one side has it.
type View struct {
	Sequence int64 `json:"sequence"`
	// State is JSON under today's schema; null if there is none to be shown, as Message says.
	State json.RawMessage `json:"state"`
}

// A Source is where states are stored.
type Source string

// The sources.
const (
	Changelog Source = "changelog"
	Owner     Source = "owner"
)

// A Kind is how an entity differs.
type Kind string

// The kinds.
const (
	// OtherState: the same sequence, another state. OtherSequence: the state of another event than the last one.
	OtherState    Kind = "state"
	OtherSequence Kind = "sequence"
	// Missing: there are events, and nothing is stored. NoEvents: the reverse.
	Missing  Kind = "missing"
	NoEvents Kind = "no-events"
	// Unfoldable: the events do not lead to any state. Unreadable: what is stored cannot be read.
	Unfoldable Kind = "unfoldable"
	Unreadable Kind = "unreadable"
	// OtherBytes: state and sequence are right, what is remembered beside them is not what the changelog has.
	OtherBytes Kind = "remembered"
)

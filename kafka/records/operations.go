package records

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Operation is the header that makes a record of a commands topic an operation on its parked entity instead of a command: [Release] or [Skip].
// Its value is an [Order].
const Operation = "partita_operation"

// What an operator does with a parked entity, and with a dead letter.
const (
	// Release decides the commands that wait, in order, until one fails.
	Release = "release"
	// Skip makes the first that waits a dead letter, and releases the rest.
	Skip = "skip"
	// Redrive sends the command of a dead letter again.
	Redrive = "redrive"
	// Pause has a projection take nothing in, and Resume ends that. Skip, of a projection, lets an event pass that it stopped before.
	Pause  = "pause"
	Resume = "resume"
	// Rebuild has the states of an entity type computed anew from their events.
	Rebuild = "rebuild"
	// Drop says that nothing more is to be done about a dead letter.
	Drop = "drop"
)

// An Order is the value of an operation's record.
type Order struct {
	// By and Why are who wants it and for what reason.
	By  string `json:"by"`
	Why string `json:"why"`
	// Number is that of the first command that waits, as the operator saw it: if it is another by now, nothing is done.
	Number int64 `json:"number"`
	// Only has a skip leave the rest waiting.
	Only bool `json:"only,omitempty"`
	// Decided is how many commands were decided for this operation before; a task that goes on with a long one writes it.
	Decided int64 `json:"decided,omitempty"`
	// Singly has the task decide one command in a transaction: the brokers refused something, and it has to be found out what.
	Singly bool `json:"singly,omitempty"`
}

// ParseOrder reads the value of an operation's record.
func ParseOrder(operation string, value []byte) (Order, error) {
	if operation != Release && operation != Skip {
		return Order{}, fmt.Errorf("%s: %.40q is none: want %s or %s", Operation, operation, Release, Skip)
	}
	var o Order
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return Order{}, fmt.Errorf("%s: %w", operation, err)
	}
	return o, nil
}

// Released is the reply in the answer to an operation, as JSON.
type Released struct {
	// Decided is how many commands were decided or skipped, Waiting how many wait still.
	Decided int64 `json:"decided"`
	Waiting int64 `json:"waiting"`
	// Reason and Message are what the first that waits failed with.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Done is the value of a record of the operations topic: who did what and why. Which of the other fields there are depends on the operation.
type Done struct {
	Operation string `json:"operation"`
	By        string `json:"by"`
	Why       string `json:"why"`
	// At is RFC 3339.
	At string `json:"at"`
	// Entity, ID and Number are of release and skip.
	Entity string `json:"entity,omitempty"`
	ID     string `json:"id,omitempty"`
	Number *int64 `json:"number,omitempty"`
	Only   bool   `json:"only,omitempty"`
	// Places are the events ("topic/partition/offset") that a skip of a projection lets pass.
	Places []string `json:"places,omitempty"`
	// Component is that of redrive and drop, and the projection of pause, resume and skip. Key and Place ("partition/offset" in the dead-letter topic) are of
	// redrive and drop, Source the [Place] that the record came from.
	Component string `json:"component,omitempty"`
	Key       string `json:"key,omitempty"`
	Place     string `json:"place,omitempty"`
	Source    string `json:"source,omitempty"`
}

// WaitingID is the key of a record that shows a command of a parked entity: "entity/number/id".
type WaitingID struct {
	Entity string
	Number int64
	ID     string
}

// String is "entity/number/id".
func (w WaitingID) String() string { return fmt.Sprintf("%s/%d/%s", w.Entity, w.Number, w.ID) }

// ParseWaitingID reads what [WaitingID.String] writes. It is split at its first two slashes: the id may contain more.
func ParseWaitingID(s string) (WaitingID, error) {
	parts := strings.SplitN(s, "/", 3)
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return WaitingID{}, fmt.Errorf("key %q: want entity/number/id", s)
	}
	number, err := parseNatural(parts[1])
	if err != nil {
		return WaitingID{}, fmt.Errorf("key %q: %w", s, err)
	}
	return WaitingID{Entity: parts[0], Number: number, ID: parts[2]}, nil
}

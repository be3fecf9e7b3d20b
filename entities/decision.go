package entities

import "fmt"

// State is an entity's state as its behaviour holds it in memory. Only the behaviour looks inside.
type State any

// A Decision is what a behaviour made of one command: logic returns what should happen, the caller makes it happen.
//
// Exactly one of these holds: Rejection is set and nothing else; or the command is accepted, with any number of Events (none: nothing changed) and
// of Messages and Changes, and at most one Reply.
type Decision struct {
	Events   []Event
	Messages Messages
	// Changes are what is done to replicated values.
	Changes []Change
	// Reply is the value given to reply(), as JSON; nil for none.
	Reply []byte
	// Rejection is the behaviour's "no"; nil when the command is accepted.
	Rejection *Rejection
	// State is the state after Events, and StateData its encoding under StateFingerprint (see [Stored]). Unset when Events is empty.
	State            State
	StateData        []byte
	StateFingerprint uint64
}

// An Event is a fact to be recorded, encoded as the context encodes what it writes.
type Event struct {
	// Type is the last part of the record name ("ItemAdded").
	Type    string
	Payload Payload
	// Deletes marks the event that ends the entity: after it the state is the initial one, sequences go on.
	Deletes bool
}

// A Rejection is a considered "no": the command was understood and is refused, as it would be again.
type Rejection struct {
	// Code is for programs ("cart-closed"), Message for people.
	Code, Message string
}

// A Failure says that a command could not be decided at all. Retrying is useless: the command goes the way of poison, see [OnFailure].
type Failure struct {
	Code FailureCode
	// Message names the place (file:line of a script, a field of a payload), what is wrong and the mend.
	Message string
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %s", f.Code, f.Message) }

// A FailureCode is the code of a failed answer and the reason of a dead letter.
type FailureCode string

// The failure codes; users meet them in answers and in the header partita_reason of dead letters.
const (
	Malformed     FailureCode = "malformed"
	UnknownType   FailureCode = "unknown-type"
	UnknownSchema FailureCode = "unknown-schema"
	NoKey         FailureCode = "no-key"
	KeyTooLong    FailureCode = "key-too-long"
	BehaviorError FailureCode = "behavior"
	StepLimit     FailureCode = "step-limit"
	SizeLimit     FailureCode = "size-limit"
	Misrouted     FailureCode = "misrouted"
	// Refused: the broker will never take what the command leads to.
	Refused FailureCode = "refused"
	// TooLargeToPark: the command should wait with its parked entity, and has no room in a record with what is said about it.
	TooLargeToPark FailureCode = "too-large-to-park"
	// HopLimit: the command has more than [MaxHops] sends behind it.
	HopLimit FailureCode = "hop-limit"
	// UnknownTarget: a command is sent to an entity of another context whose topic of commands does not exist.
	UnknownTarget FailureCode = "unknown-target"
	// Untried: the command waited behind another and was never decided.
	Untried FailureCode = "untried"
)

// The codes of rejections that Partita makes itself.
const (
	DeadlinePassed = "deadline-passed"
	WrongSequence  = "wrong-sequence"
	BadHeader      = "bad-header"
	TooLarge       = "too-large"
	// NotParked and WrongNumber answer operations on an entity that is not parked, or not in the place that the operator saw.
	NotParked   = "not-parked"
	WrongNumber = "wrong-number"
)

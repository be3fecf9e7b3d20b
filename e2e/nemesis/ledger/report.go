package ledger

import "fmt"

// A Report is what the checks saw.
type Report struct {
	// Commands were asked, Answers of them answered. Events of them were read, of Histories entities; the owners of Entities of them were asked for
	// their state.
	Commands, Answers, Events, Histories, Entities int
	// Again is how often a command was asked again, Repeated how many answers said that they were given before.
	Again, Repeated int
	Findings        []Finding
}

// A Finding is something that must not be.
type Finding struct {
	// Kind is one of those below.
	Kind   string
	Detail string
}

func (f Finding) String() string { return f.Kind + ": " + f.Detail }

// The kinds of findings.
const (
	Lost            = "lost"             // an event, or one of several, of a command that was accepted
	Doubled         = "doubled"          // an event or its effect
	Gap             = "gap"              // a sequence that no event has
	Uncaused        = "uncaused"         // an event without a command
	NotLinearizable = "not-linearizable" // no order of an entity's operations explains their answers
	AnswerDisagrees = "answer-disagrees" // with the events, or with an earlier answer to the same command
	StateDiffers    = "state-differs"    // the changelog's from the events'
	StoreDiffers    = "store-differs"    // the owner's from the events'
	RowDiffers      = "row-differs"      // a projection's from the events'
	Unanswered      = "unanswered"       // an operation, to the end
	Unread          = "unread"           // a topic could not be read, so that its check says nothing
)

func finding(kind, format string, args ...any) Finding {
	return Finding{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

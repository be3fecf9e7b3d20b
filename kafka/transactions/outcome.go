package transactions

// Outcome is what became of a transaction. "Cannot know" is an answer of its own, with a duty of its own.
type Outcome uint8

// The outcomes.
const (
	// Aborted means: the commit was never asked for, or refused. Nothing of the window will ever be seen; its records are to be decided again.
	Aborted Outcome = iota
	// Committed means: the broker said so. What was decided may be applied and shown.
	Committed
	// Unknown means: the commit was asked for and no clear answer came: the connection broke, or the answer was that somebody else has fenced this
	// producer, which may have happened after the broker had committed. Pair.Reset settles it one way or the other; the progress topic then
	// tells which. Until it is told nothing else may be sent.
	Unknown
)

func (o Outcome) String() string {
	return [...]string{"aborted", "committed", "unknown"}[o]
}

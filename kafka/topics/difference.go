package topics

// A Difference is one thing that is not as the context needs it.
type Difference struct {
	Spec     Spec
	Severity Severity
	// Problem goes after the topic's name ("is missing"); Mend says what to do about it.
	Problem, Mend string

	// What mends it, for kafka/admin; all unset if a person must. No change ever deletes what is kept now.
	Create        bool
	AddPartitions int32
	Set           map[string]string
}

// Severity tells how far a difference reaches.
type Severity uint8

const (
	// Advice is said at start, which goes on.
	Advice Severity = iota
	// Safe stops the start, and is mended by applying it.
	Safe
	// Refuse stops the start, and only a person can mend it.
	Refuse
)

func (s Severity) String() string {
	switch s {
	case Advice:
		return "advice"
	case Safe:
		return "safe to apply"
	case Refuse:
		return "refused"
	}
	return "unknown"
}

// Blocks tells whether the context cannot start as things are.
func (d Difference) Blocks() bool { return d.Severity != Advice }

// HasChange tells whether it can be applied.
func (d Difference) HasChange() bool { return d.Create || d.AddPartitions > 0 || len(d.Set) > 0 }

// String is one complaint: the place, what is wrong and the mend.
func (d Difference) String() string {
	return "topic " + d.Spec.Name + " " + d.Problem + ": " + d.Mend
}

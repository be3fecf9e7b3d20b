package entities

import "encoding/binary"

// OnFailure is what becomes of a command that fails, or of an event that a projection fails on.
type OnFailure string

// What may become of it. The zero value is as DeadLetter.
const (
	// DeadLetter sets the command aside; the entity goes on with the next.
	DeadLetter OnFailure = "dead-letter"
	// Park keeps the command and every later one of the entity, in order, until somebody releases or skips it. Other entities go on.
	Park OnFailure = "park"
	// Stop is for projections: the task stops before the event, until somebody has mended what fails.
	Stop OnFailure = "stop"
)

// Parked says that commands of an entity wait. They have the numbers from First to before Next: the first number of all is the offset of the
// command that failed, and records that came later have higher ones, so no number of an entity comes twice.
type Parked struct {
	First, Next int64
	// SinceMS is when the first that waits was parked, by the owner's clock, in ms since 1970.
	SinceMS int64
	// Reason is what the first failed with; Untried if the one before it was taken away and it was not decided since.
	Reason FailureCode
}

// Waiting is how many commands wait.
func (p *Parked) Waiting() int64 { return p.Next - p.First }

func (p *Parked) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.First))
	dst = binary.AppendUvarint(dst, uint64(p.Waiting()))
	dst = binary.AppendVarint(dst, p.SinceMS)
	return appendBytes(dst, string(p.Reason))
}

func (r *reader) parked() *Parked {
	p := &Parked{First: r.count()}
	waiting := r.count()
	p.Next, p.SinceMS, p.Reason = p.First+waiting, r.varint(), FailureCode(r.text())
	if waiting < 1 {
		r.failed = true // Nobody writes an entity as parked of which nothing waits.
	}
	return p
}

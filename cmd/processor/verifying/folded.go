package verifying

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// A folded is what the events of one entity lead to.
type folded struct {
	// next is the offset behind the last event that was folded.
	next     int64
	sequence int64
	// failure is why the events cannot be folded further than to sequence; there is no state then.
	failure string
	// state is the initial one while initial is set.
	state   entities.State
	initial bool
	// changed: the store does not have it yet.
	changed bool
}

// append encodes it for the store: next, failure, then the entity as it is stored elsewhere. A state that nobody can store is a failure, too.
func (f *folded) append(dst []byte, b behaviors.Entity) []byte {
	s := entities.Stored{Sequence: f.sequence}
	if f.failure == "" && !f.initial {
		var err error
		if s.State, s.Fingerprint, err = b.EncodeState(f.state); err != nil {
			s.State, f.failure = nil, fmt.Sprintf("event %d: the state after it cannot be stored: %v", f.sequence, err)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(f.next))
	dst = binary.AppendUvarint(dst, uint64(len(f.failure)))
	return s.Append(append(dst, f.failure...))
}

// A foldedEntity is a folded as the store has it.
type foldedEntity struct {
	entities.Stored
	next    int64
	failure string
}

var errFolded = errors.New("what was kept of an entity's events cannot be read again: the disk with the temporary directory is damaged")

func parseFolded(b []byte) (foldedEntity, error) {
	next, n := binary.Uvarint(b)
	if n <= 0 {
		return foldedEntity{}, errFolded
	}
	b = b[n:]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return foldedEntity{}, errFolded
	}
	end := n + int(length)
	stored, err := entities.ParseStored(b[end:])
	if err != nil {
		return foldedEntity{}, errFolded
	}
	return foldedEntity{Stored: stored, next: int64(next), failure: string(b[n:end])}, nil
}

// inMemory decodes the state to be evolved further.
func (e *foldedEntity) inMemory(b behaviors.Entity) (*folded, error) {
	f := &folded{next: e.next, sequence: e.Sequence, failure: e.failure}
	switch {
	case f.failure != "":
	case len(e.State) == 0:
		f.state, f.initial = b.InitialState(), true
	default:
		var err error
		if f.state, err = b.DecodeState(e.Fingerprint, e.State); err != nil {
			return nil, errors.Join(errFolded, err)
		}
	}
	return f, nil
}

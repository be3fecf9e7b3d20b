package history

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// An Entity is what the events of one lead to: State is empty for the initial one, and there are neither answers nor anything parked.
type Entity struct {
	entities.Stored
	// Failure is why the events cannot be folded further than to Sequence, with the place of the one that is at fault; there is no state then.
	Failure string
	// next is the offset behind the last event that was folded.
	next int64
}

// An evolving is an entity in memory.
type evolving struct {
	next             int64
	sequence, timeMS int64
	failure          string
	// state is the initial one while initial is set.
	state   entities.State
	initial bool
	// changed: the store does not have it yet.
	changed bool
}

// append encodes it for the store: next, failure, then the entity as it is stored elsewhere. A state that nobody can store is a failure, too.
func (e *evolving) append(dst []byte, b behaviors.Entity) []byte {
	s := entities.Stored{Sequence: e.sequence, EventTimeMS: e.timeMS}
	if e.failure == "" && !e.initial {
		var err error
		if s.State, s.Fingerprint, err = b.EncodeState(e.state); err != nil {
			s.State, e.failure = nil, fmt.Sprintf("event %d: the state after it cannot be stored: %v", e.sequence, err)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(e.next))
	dst = binary.AppendUvarint(dst, uint64(len(e.failure)))
	return s.Append(append(dst, e.failure...))
}

var errKept = errors.New("what was kept of an entity's events cannot be read again: the disk it was kept on is damaged")

func parseEntity(b []byte) (Entity, error) {
	next, n := binary.Uvarint(b)
	if n <= 0 {
		return Entity{}, errKept
	}
	b = b[n:]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return Entity{}, errKept
	}
	end := n + int(length)
	stored, err := entities.ParseStored(b[end:])
	if err != nil {
		return Entity{}, errKept
	}
	return Entity{Stored: stored, next: int64(next), Failure: string(b[n:end])}, nil
}

// evolving decodes the state to be evolved further.
func (e *Entity) evolving(b behaviors.Entity) (*evolving, error) {
	in := &evolving{next: e.next, sequence: e.Sequence, timeMS: e.EventTimeMS, failure: e.Failure}
	switch {
	case in.failure != "":
	case len(e.State) == 0:
		in.state, in.initial = b.InitialState(), true
	default:
		var err error
		if in.state, err = b.DecodeState(e.Fingerprint, e.State); err != nil {
			return nil, errors.Join(errKept, err)
		}
	}
	return in, nil
}

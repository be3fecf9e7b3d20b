// Package historytest has a behaviour whose states are numbers, and the events of its entities, for tests of whoever folds events.
package historytest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// Sum is a behaviour: a state is a number, an event adds one. The event "boom" cannot be evolved by, after "odd" the state cannot be stored. With Times the
// events count so many times, as with an evolve_ function that was changed.
type Sum struct{ Times int64 }

// A Number is a state.
type Number struct {
	N   int64
	odd bool
}

// Fingerprint is that of the schema of states.
const Fingerprint = 7

// InitialState is 0.
func (Sum) InitialState() entities.State { return &Number{} }

// Decide is never called.
func (Sum) Decide(context.Context, []behaviors.Turn) { panic("nothing is decided") }

// StateJSON shows a number as {"n":3}.
func (Sum) StateJSON(state entities.State) ([]byte, error) {
	return fmt.Appendf(nil, `{"n":%d}`, state.(*Number).N), nil
}

// DecodeState reads decimal text.
func (Sum) DecodeState(fingerprint uint64, data []byte) (entities.State, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if fingerprint != Fingerprint {
		err = fmt.Errorf("no schema with fingerprint %d", fingerprint)
	}
	return &Number{N: n}, err
}

// EncodeState writes decimal text, but for an odd state.
func (Sum) EncodeState(state entities.State) ([]byte, uint64, error) {
	if state.(*Number).odd {
		return nil, 0, fmt.Errorf("it is odd")
	}
	return strconv.AppendInt(nil, state.(*Number).N, 10), Fingerprint, nil
}

// Evolve uses the state up, as it may.
func (b Sum) Evolve(_ context.Context, state entities.State, e *behaviors.Event) (entities.State, *entities.Failure) {
	s := state.(*Number)
	switch text := string(e.Payload.Data); text {
	case "boom":
		s.N = -1
		return nil, &entities.Failure{Code: entities.BehaviorError, Message: "sum.star:3:5: boom"}
	case "odd":
		s.odd = true
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, &entities.Failure{Code: entities.Malformed, Message: err.Error()}
		}
		s.N += n * max(1, b.Times)
	}
	return s, nil
}

// Event is an event of an entity; headers are keys and values in turn.
func Event(id string, sequence int64, value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Key: []byte(id), Value: []byte(value), Headers: []kgo.RecordHeader{
		{Key: records.Type, Value: []byte("Added")}, {Key: records.Sequence, Value: strconv.AppendInt(nil, sequence, 10)},
	}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

// End is the event that ends an entity.
func End(id string, sequence int64) *kgo.Record {
	return Event(id, sequence, "0", records.Deletes, "true")
}

// Stored is an entity as a store has it; an empty state is the initial one.
func Stored(sequence int64, state string) []byte {
	s := entities.Stored{Sequence: sequence}
	if state != "" {
		s.Fingerprint, s.State = Fingerprint, []byte(state)
	}
	return s.Append(nil)
}

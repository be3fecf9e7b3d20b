package verifying

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

// sum is the behaviour under test: a state is a number, an event adds one. The event "boom" cannot be evolved by, after "odd" the state cannot be stored.
type sum struct{}

type number struct {
	n   int64
	odd bool
}

const sumFingerprint = 7

func (sum) InitialState() entities.State             { return &number{} }
func (sum) Decide(context.Context, []behaviors.Turn) { panic("nothing is decided") }
func (sum) StateJSON(state entities.State) ([]byte, error) {
	return fmt.Appendf(nil, `{"n":%d}`, state.(*number).n), nil
}

func (sum) DecodeState(fingerprint uint64, data []byte) (entities.State, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if fingerprint != sumFingerprint {
		err = fmt.Errorf("no schema with fingerprint %d", fingerprint)
	}
	return &number{n: n}, err
}

func (sum) EncodeState(state entities.State) ([]byte, uint64, error) {
	if state.(*number).odd {
		return nil, 0, fmt.Errorf("it is odd")
	}
	return strconv.AppendInt(nil, state.(*number).n, 10), sumFingerprint, nil
}

// Evolve uses the state up, as it may.
func (sum) Evolve(_ context.Context, state entities.State, e *behaviors.Event) (entities.State, *entities.Failure) {
	s := state.(*number)
	switch text := string(e.Payload.Data); text {
	case "boom":
		s.n = -1
		return nil, &entities.Failure{Code: entities.BehaviorError, Message: "sum.star:3:5: boom"}
	case "odd":
		s.odd = true
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, &entities.Failure{Code: entities.Malformed, Message: err.Error()}
		}
		s.n += n
	}
	return s, nil
}

// happened is an event; headers are keys and values in turn.
func happened(id string, sequence int64, value string, headers ...string) *kgo.Record {
	r := &kgo.Record{Key: []byte(id), Value: []byte(value), Headers: []kgo.RecordHeader{
		{Key: records.Type, Value: []byte("Added")}, {Key: records.Sequence, Value: strconv.AppendInt(nil, sequence, 10)},
	}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return r
}

func ended(id string, sequence int64) *kgo.Record {
	return happened(id, sequence, "0", records.Deletes, "true")
}

// stored is an entity as a store has it; an empty state is the initial one.
func stored(sequence int64, state string) []byte {
	s := entities.Stored{Sequence: sequence}
	if state != "" {
		s.Fingerprint, s.State = sumFingerprint, []byte(state)
	}
	return s.Append(nil)
}

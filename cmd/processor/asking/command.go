package asking

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// A Command asks one entity for something.
type Command struct {
	Entity, ID string
	// Type is the last part of the record's name ("AddItem"); Fields a JSON object of its fields.
	Type   string
	Fields []byte
	// CommandID has a repeated command answered as before; empty for none.
	CommandID string
	// ExpectedSequence refuses the command unless the entity stands there; nil for anywhere.
	ExpectedSequence *int64
}

// record leaves partition and answer to the caller. JSON goes with every encoding of a context: all three are understood on input.
func (c Command) record() *kgo.Record {
	header := func(key, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: key, Value: []byte(value)} }
	r := &kgo.Record{
		Key: []byte(c.ID), Value: c.Fields,
		Headers: []kgo.RecordHeader{header(records.Type, c.Type), header(records.ContentType, "application/json")},
	}
	if c.CommandID != "" {
		r.Headers = append(r.Headers, header(records.ID, c.CommandID))
	}
	if c.ExpectedSequence != nil {
		r.Headers = append(r.Headers, header(records.ExpectedSequence, strconv.FormatInt(*c.ExpectedSequence, 10)))
	}
	return r
}

// Statuses of answers.
const (
	Accepted = "accepted"
	Rejected = "rejected"
	Failed   = "failed"
)

// An Answer is what came back.
type Answer struct {
	Status   string          `json:"status"`
	Sequence int64           `json:"sequence"`
	Events   int             `json:"events"`
	Reply    json.RawMessage `json:"reply"`
	Code     string          `json:"code"`
	Message  string          `json:"message"`
	Repeated bool            `json:"repeated"`
	// JSON is the answer as it came.
	JSON []byte `json:"-"`
}

func parseAnswer(value []byte) (Answer, error) {
	a := Answer{JSON: value}
	if err := json.Unmarshal(value, &a); err != nil {
		return Answer{}, fmt.Errorf("the answer is not understood: %w: %.100q", err, value)
	}
	switch a.Status {
	case Accepted, Rejected, Failed:
		return a, nil
	}
	return Answer{}, fmt.Errorf("the answer is not understood: status %.100q", a.Status)
}

// A Result is how one command ended: with an answer, or with Err. Without waiting for answers, the answer of a success is empty.
type Result struct {
	Answer Answer
	Took   time.Duration
	Err    error
}

// A TimeoutError says that nothing came in time. The command may be carried out yet.
type TimeoutError struct {
	Timeout time.Duration
	// Written: the brokers have the command.
	Written bool
}

func (e *TimeoutError) Error() string {
	if e.Written {
		return fmt.Sprintf("no answer within %s: the command is in its topic and will be decided once the context runs and nothing before it is parked; with --id it can be repeated safely", e.Timeout)
	}
	return fmt.Sprintf("the brokers did not take the command within %s", e.Timeout)
}

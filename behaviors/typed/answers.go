package typed

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// An answering is a command of an entity as which an answer to it may come back.
type answering struct {
	*message
	// take are the fields of an answer that the command has, keep the places of its other fields.
	take []string
	keep []int
	// unfit says why it cannot tell every answer; nil if it can.
	unfit error
}

func newAnswering(m *message) *answering {
	a := &answering{message: m}
	for i, f := range m.Type.Fields {
		if !slices.Contains(entities.AnswerFields(), f.Name) {
			a.keep = append(a.keep, i)
			continue
		}
		a.take = append(a.take, f.Name)
		if always := f.Name == "status" || f.Name == "sequence"; !always && !f.HasDefault {
			a.unfit = errors.Join(a.unfit, fmt.Errorf("%s.%s needs a default in its tag, as not every answer has one", m.Name, f.Name))
		}
	}
	return a
}

// onReply has the answer come back as the command that told points to.
func (o *outbox) onReply(told any) (*entities.OnReply, error) {
	if o.answers == nil {
		return nil, errors.New("it asks for an answer, and only entities wait for one: Send it")
	}
	a := o.answers[reflect.TypeOf(told)]
	switch {
	case a == nil:
		return nil, fmt.Errorf("the answer would come as %s, which no On of %s takes%s", pointedTo(told).Name(), o.owner, meant(o.answers.names(), "it takes nothing"))
	case a.unfit != nil:
		return nil, a.unfit
	}
	fields, err := a.fields(told)
	if err != nil {
		return nil, fmt.Errorf("the answer: %w", err)
	}
	return &entities.OnReply{Type: a.Name, Fields: fields, Take: a.take}, nil
}

// fields are those of told that are no answer's, as a JSON object; nil for none.
func (a *answering) fields(told any) ([]byte, error) {
	if len(a.keep) == 0 {
		return nil, nil
	}
	data, err := a.write(nil, told)
	if err != nil {
		return nil, err
	}
	value, err := a.codec.DecodeBinary(a.Message, a.Fingerprint, data)
	if err != nil {
		return nil, err
	}
	record := value.([]any)
	out := []byte{'{'}
	for n, i := range a.keep {
		if n > 0 {
			out = append(out, ',')
		}
		f := &a.Type.Fields[i]
		out = append(strconv.AppendQuote(out, f.Name), ':')
		if out, err = schemas.AppendJSON(out, f.Type, record[i]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

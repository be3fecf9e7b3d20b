package contexts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// scriptCodec gives a component's scripts the context's codec. A name means one of the component's own records: last parts need be unique
// only there.
type scriptCodec struct {
	context *Context
	codec   *schemas.Codec
	records []*schemas.Message
	// sent are what the component writes beside them: commands for others, and publications.
	sent []*schemas.Message
}

var _ starlark.Codec = scriptCodec{}

// Decode reads a payload. It never waits: what it needs of a registry was asked for before, by [schemas.Codec.Prepare].
func (s scriptCodec) Decode(name string, payload entities.Payload) (string, []any, *entities.Failure) {
	m, value, err := s.context.decode(over{}, payload, name, s.records...)
	if err != nil {
		return "", nil, asFailure(err)
	}
	return m.Name, value.([]any), nil
}

func (s scriptCodec) Encode(message *starlark.Message, value []any) (entities.Payload, error) {
	m, err := s.record(message)
	if err != nil {
		return entities.Payload{}, err
	}
	data, err := s.codec.Encode(nil, m, value)
	return entities.Payload{Data: data, ContentType: s.codec.ContentType()}, err
}

func (s scriptCodec) EncodeState(message *starlark.Message, value []any) ([]byte, uint64, error) {
	m, err := s.record(message)
	if err != nil {
		return nil, 0, err
	}
	data, err := s.codec.AppendBinary(nil, m, value)
	return data, m.Fingerprint, err
}

func (s scriptCodec) DecodeState(message *starlark.Message, fingerprint uint64, data []byte) ([]any, error) {
	m, err := s.record(message)
	if err != nil {
		return nil, err
	}
	value, err := s.codec.DecodeBinary(m, fingerprint, data)
	if err != nil {
		return nil, err
	}
	return value.([]any), nil
}

func (s scriptCodec) JSON(message *starlark.Message, value []any) ([]byte, error) {
	return schemas.AppendJSON(nil, message.Type, value)
}

func (s scriptCodec) record(message *starlark.Message) (*schemas.Message, error) {
	for _, m := range slices.Concat(s.records, s.sent) {
		if m.Type == message.Type {
			return m, nil
		}
	}
	return nil, fmt.Errorf("record %s is not one of this component", message.Name)
}

func asFailure(err error) *entities.Failure {
	var failure *entities.Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &entities.Failure{Code: entities.UnknownSchema, Message: err.Error()}
}

// over is a context that has ended: under it a codec answers from what it knows and asks nobody.
type over struct{}

var ended = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (over) Deadline() (time.Time, bool) { return time.Time{}, false }
func (over) Done() <-chan struct{}       { return ended }
func (over) Err() error                  { return context.Canceled }
func (over) Value(any) any               { return nil }

// payloadValue is a payload as the JSON value that people see.
func (c *Context) payloadValue(m *schemas.Message, payload entities.Payload) (any, error) {
	_, value, err := c.Codec.Decode(over{}, payload, m.Name, m)
	if err != nil {
		return nil, err
	}
	data, err := schemas.AppendJSON(nil, m.Type, value)
	if err != nil {
		return nil, err
	}
	return parseJSON(data)
}

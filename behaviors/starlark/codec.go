package starlark

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A Message is a record type under the name that scripts and headers use.
type Message = schemas.Message

// A Codec turns payloads and stored bytes into plain values and back. Its methods are called from several goroutines at once.
// [NewCodec] makes one of a context's codec.
type Codec interface {
	// Decode reads a payload as the named record; with an empty name, the payload says which. The name comes back as its last part.
	Decode(name string, payload entities.Payload) (string, []any, *entities.Failure)
	// Encode writes a value as the context writes messages.
	Encode(message *Message, value []any) (entities.Payload, error)
	// EncodeState and DecodeState are for stored states: bytes and the fingerprint of the schema they are written under.
	EncodeState(message *Message, value []any) (data []byte, fingerprint uint64, err error)
	DecodeState(message *Message, fingerprint uint64, data []byte) ([]any, error)
	// JSON shows a value to people.
	JSON(message *Message, value []any) ([]byte, error)
}

// A waitingCodec can wait for a Schema Registry that does not answer now; other codecs must know all they need.
type waitingCodec interface {
	decodeWaiting(ctx context.Context, name string, payload entities.Payload) (string, []any, *entities.Failure)
}

// decode reads a payload, waiting if the codec can.
func decode(ctx context.Context, codec Codec, name string, payload entities.Payload) (string, []any, *entities.Failure) {
	if patient, ok := codec.(waitingCodec); ok {
		return patient.decodeWaiting(ctx, name, payload)
	}
	return codec.Decode(name, payload)
}

// A componentCodec is a context's codec, for the records of one component: last parts of names need be unique only among them.
type componentCodec struct {
	codec   *schemas.Codec
	records []*Message
}

var _ waitingCodec = (*componentCodec)(nil)

// NewCodec is the codec of a component that knows these records. Decode never waits: what it cannot know without asking a registry is a
// failure. Entity.Decide, Projection.Key and Projection.Apply do wait, until their context ends; what they return then is to be dropped.
func NewCodec(codec *schemas.Codec, records ...*Message) Codec {
	return &componentCodec{codec: codec, records: records}
}

// The pauses between questions to a registry that does not answer.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// decodeWaiting asks again for as long as the registry cannot answer.
func (c *componentCodec) decodeWaiting(ctx context.Context, name string, payload entities.Payload) (string, []any, *entities.Failure) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		m, value, err := c.codec.Decode(ctx, payload, name, c.records...)
		var unavailable *schemas.Unavailable
		if err == nil || !errors.As(err, &unavailable) || ctx.Err() != nil {
			return decoded(m, value, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return decoded(m, value, err)
		}
	}
}

func (c *componentCodec) Decode(name string, payload entities.Payload) (string, []any, *entities.Failure) {
	return c.decodeWaiting(over{}, name, payload)
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

func decoded(m *Message, value any, err error) (string, []any, *entities.Failure) {
	if err == nil {
		fields, ok := value.([]any)
		if ok {
			return m.Name, fields, nil
		}
		err = fmt.Errorf("%s is no record", m.Name)
	}
	var failure *entities.Failure
	if errors.As(err, &failure) {
		return "", nil, failure
	}
	return "", nil, &entities.Failure{Code: entities.UnknownSchema, Message: err.Error()}
}

func (c *componentCodec) Encode(m *Message, value []any) (entities.Payload, error) {
	data, err := c.codec.Encode(nil, m, value)
	return entities.Payload{Data: data, ContentType: c.codec.ContentType()}, err
}

func (c *componentCodec) EncodeState(m *Message, value []any) ([]byte, uint64, error) {
	data, err := c.codec.AppendBinary(nil, m, value)
	return data, m.Fingerprint, err
}

func (c *componentCodec) DecodeState(m *Message, fingerprint uint64, data []byte) ([]any, error) {
	value, err := c.codec.DecodeBinary(m, fingerprint, data)
	if err != nil {
		return nil, err
	}
	fields, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is no record", m.Name)
	}
	return fields, nil
}

func (c *componentCodec) JSON(m *Message, value []any) ([]byte, error) {
	return schemas.AppendJSON(nil, m.Type, value)
}

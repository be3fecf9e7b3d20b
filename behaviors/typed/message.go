package typed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// A message reads and writes one kind of struct.
type message struct {
	*schemas.Message
	codec *schemas.Codec
	avro  *avro.Schema
	// header is what stands before the Avro binary. Confluent's has the id that the registry gave: it is known after the first message was
	// written. JSON has none.
	header atomic.Pointer[[]byte]
	// defaults are what a new struct begins with.
	defaults defaults
}

func newMessage(b *binder, r record) (*message, error) {
	m, err := b.set.Lookup(b.definitions.fullName(r.name()))
	if err != nil {
		return nil, err
	}
	schema, err := avro.Parse(m.SchemaJSON)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", m.FullName, err)
	}
	first, err := newDefaults(schema)
	if err != nil {
		return nil, fmt.Errorf("record %s: its defaults: %w", m.FullName, err)
	}
	made := &message{Message: m, codec: b.codec, avro: schema, defaults: first}
	if b.codec.ContentType() == schemas.AvroContentType {
		header := binary.LittleEndian.AppendUint64([]byte{0xC3, 0x01}, m.Fingerprint)
		made.header.Store(&header)
	}
	return made, nil
}

// encode is a message, given as a pointer to its struct, as the context writes it. Messages of one kind have about the same size: hint is that of
// an earlier one.
func (m *message) encode(pointer any, hint int) (entities.Payload, error) {
	payload := entities.Payload{ContentType: m.codec.ContentType()}
	dst := make([]byte, 0, hint+hint/4)
	header := m.header.Load()
	if header != nil {
		dst = append(dst, *header...)
	}
	data, err := m.write(dst, pointer)
	switch {
	case err != nil:
		return payload, err
	case header != nil:
		payload.Data = data
		return payload, nil
	}
	value, err := m.codec.DecodeBinary(m.Message, m.Fingerprint, data)
	if err != nil {
		return payload, err
	}
	if payload.Data, err = m.codec.Encode(nil, m.Message, value); err == nil && payload.ContentType == schemas.ConfluentContentType {
		own := slices.Clone(payload.Data[:confluentHeader])
		m.header.Store(&own)
	}
	return payload, err
}

// confluentHeader is the length of a zero and the schema's id.
const confluentHeader = 5

// setDefaults gives the fields of a new struct, which pointer points to, the defaults of their tags.
func (m *message) setDefaults(pointer any) error { return m.defaults.set(pointer) }

// unwrap is the bare Avro binary of a payload that begins with the header of this version's own.
func (m *message) unwrap(data []byte) ([]byte, bool) {
	header := m.header.Load()
	if header == nil {
		return nil, false
	}
	return bytes.CutPrefix(data, *header)
}

// write appends bare Avro binary of a struct, given as a pointer. Whatever it writes can be read, by this package and any other: text that is no
// UTF-8, which Go's strings may hold, is refused.
func (m *message) write(dst []byte, pointer any) ([]byte, error) {
	start := len(dst)
	dst, err := m.avro.AppendEncode(dst, pointer)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", m.Name, err)
	}
	if err := m.Validate(dst[start:]); err != nil {
		return nil, fmt.Errorf("what cannot be read again is not written: %w", err)
	}
	return dst, nil
}

// read reads bare Avro binary of anybody's, written under today's schema, into the struct that pointer points to.
func (m *message) read(data []byte, pointer any) error {
	if err := m.Validate(data); err != nil {
		return malformed("%v", err)
	}
	return m.decode(data, pointer)
}

// decode is read for data that were valid when they were written.
func (m *message) decode(data []byte, pointer any) error {
	rest, err := m.avro.Decode(data, pointer)
	switch {
	case err != nil:
		return malformed("record %s: %v", m.Name, err)
	case len(rest) > 0:
		return malformed("record %s: %d bytes after the end of the value", m.Name, len(rest))
	}
	return nil
}

// decodeStored reads bare Avro binary that was written under the schema of the fingerprint.
func (m *message) decodeStored(fingerprint uint64, data []byte, pointer any) error {
	if fingerprint != m.Fingerprint {
		value, err := m.codec.DecodeBinary(m.Message, fingerprint, data)
		if err != nil {
			return err
		}
		if data, err = m.codec.AppendBinary(nil, m.Message, value); err != nil {
			return err
		}
	}
	return m.decode(data, pointer)
}

// json shows a struct to people.
func (m *message) json(pointer any) ([]byte, error) {
	data, err := m.write(nil, pointer)
	if err != nil {
		return nil, err
	}
	value, err := m.codec.DecodeBinary(m.Message, m.Fingerprint, data)
	if err != nil {
		return nil, err
	}
	return schemas.AppendJSON(nil, m.Type, value)
}

func malformed(format string, args ...any) *entities.Failure {
	return &entities.Failure{Code: entities.Malformed, Message: fmt.Sprintf(format, args...)}
}

// asFailure is the failure that err is, or one of the behaviour.
func asFailure(err error) *entities.Failure {
	var failure *entities.Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &entities.Failure{Code: entities.BehaviorError, Message: err.Error()}
}

package schemas

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/entities"
)

func malformed(format string, args ...any) *entities.Failure {
	return &entities.Failure{Code: entities.Malformed, Message: fmt.Sprintf(format, args...)}
}

// Decode reads a payload. typ is the header ce_type, empty if there was none; candidates are the records that are meant here, all of the set if
// none are given. The error is *entities.Failure, or *Unavailable when it is worth trying again.
func (c *Codec) Decode(ctx context.Context, payload entities.Payload, typ string, candidates ...*Message) (*Message, any, error) {
	data := payload.Data
	if len(data) > c.options.MaxBytes {
		return nil, nil, malformed("the payload has %d bytes: the limit is %d", len(data), c.options.MaxBytes)
	}
	m, err := c.named(typ, candidates)
	if err != nil {
		return nil, nil, err
	}
	isJSON := strings.Contains(payload.ContentType, "json")
	switch {
	case !isJSON && len(data) >= 10 && data[0] == 0xC3 && data[1] == 0x01:
		return c.decodeWritten(m, binary.LittleEndian.Uint64(data[2:]), data[10:], candidates)
	case !isJSON && len(data) >= 5 && data[0] == 0:
		return c.decodeConfluent(ctx, m, data, candidates)
	case bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")):
		return c.decodeJSON(m, data, candidates)
	}
	return nil, nil, malformed("the payload is none of Avro single object (C3 01), Confluent (00) and a JSON object ({)")
}

// Prepare asks the registry for what Decode will need, so that Decode does not wait. The error is as of Decode.
func (c *Codec) Prepare(ctx context.Context, payload entities.Payload) error {
	data := payload.Data
	if len(data) < 5 || data[0] != 0 || strings.Contains(payload.ContentType, "json") {
		return nil
	}
	_, err := c.registered(ctx, data)
	return err
}

// named is the candidate of this name; nil if no name is given.
func (c *Codec) named(typ string, candidates []*Message) (*Message, error) {
	if typ == "" {
		return nil, nil
	}
	if len(candidates) == 0 {
		m, err := c.set.Lookup(typ)
		if err != nil {
			return nil, &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("type %.100q: %v", typ, err)}
		}
		return m, nil
	}
	names := make([]string, len(candidates))
	for i, m := range candidates {
		if m.Name == typ || m.FullName == typ {
			return m, nil
		}
		names[i] = m.Name
	}
	return nil, &entities.Failure{
		Code: entities.UnknownType, Message: fmt.Sprintf("type %.100q is not expected here%s", typ, didYouMean(typ, names)),
	}
}

func (c *Codec) decodeWritten(m *Message, fingerprint uint64, data []byte, candidates []*Message) (*Message, any, error) {
	if m == nil || m.Fingerprint != fingerprint {
		name, failure := c.writtenName(fingerprint)
		if failure != nil {
			return nil, nil, failure
		}
		written, err := c.named(name, candidates)
		if err != nil {
			written, err = c.named(lastPart(name), candidates)
		}
		switch {
		case m == nil && err != nil:
			return nil, nil, err
		case m == nil:
			m = written
		case lastPart(name) != m.Name:
			return nil, nil, malformed("the header ce_type says %s, the payload is a %s", m.Name, name)
		}
	}
	value, err := c.DecodeBinary(m, fingerprint, data)
	return m, value, err
}

// writtenName is the full name of the record that has or had this fingerprint.
func (c *Codec) writtenName(fingerprint uint64) (string, *entities.Failure) {
	if m := c.set.byFingerprint[fingerprint]; m != nil {
		return m.FullName, nil
	}
	schemaJSON, ok := c.options.History.Schema(fingerprint)
	if !ok {
		return "", unknownSchema(fingerprint)
	}
	schema, err := avro.Parse(schemaJSON)
	if err != nil {
		return "", &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("schema %016x: %v", fingerprint, err)}
	}
	root := schema.Root()
	if root.Namespace != "" && !strings.Contains(root.Name, ".") {
		return root.Namespace + "." + root.Name, nil
	}
	return root.Name, nil
}

func unknownSchema(fingerprint uint64) *entities.Failure {
	return &entities.Failure{
		Code:    entities.UnknownSchema,
		Message: fmt.Sprintf("no schema with fingerprint %016x: write under a schema of this context, or put the writer's into its schemas topic", fingerprint),
	}
}

func (c *Codec) decodeOwn(m *Message, data []byte) (any, error) {
	if len(data) > c.options.MaxBytes {
		return nil, malformed("record %s has %d bytes: the limit is %d", m.Name, len(data), c.options.MaxBytes)
	}
	if err := scan(m.Type, data); err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	decoded, _, err := m.codec.NativeFromBinary(data)
	if err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	value, err := plain(m.Type, decoded)
	if err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	return value, nil
}

// readerOf is the way from an older schema to m, made once.
func (c *Codec) readerOf(m *Message, fingerprint uint64) (*reader, error) {
	key := resolution{m, fingerprint}
	if known, ok := c.resolved.Load(key); ok {
		return known.(*reader), nil
	}
	schemaJSON, ok := c.options.History.Schema(fingerprint)
	if !ok {
		return nil, unknownSchema(fingerprint)
	}
	r, err := newReader(m, schemaJSON)
	if err != nil {
		return nil, &entities.Failure{
			Code: entities.UnknownSchema, Message: fmt.Sprintf("schema %016x cannot be read as %s: %v", fingerprint, m.FullName, err),
		}
	}
	c.resolved.Store(key, r)
	return r, nil
}

func newReader(m *Message, schemaJSON string) (*reader, error) {
	writer, err := compile(schemaJSON)
	if err != nil {
		return nil, err
	}
	// The check sees logical types, which the resolver, made for raw values, may not.
	if err := Compatible(schemaJSON, m.SchemaJSON); err != nil {
		return nil, err
	}
	decoder, err := avro.Resolve(writer.resolver, m.resolver)
	if err != nil {
		return nil, fmt.Errorf("resolving: %w", err)
	}
	return &reader{writer: writer, decoder: decoder}, nil
}

func (c *Codec) decodeOlder(m *Message, r *reader, data []byte) (any, error) {
	if len(data) > c.options.MaxBytes {
		return nil, malformed("record %s has %d bytes: the limit is %d", m.Name, len(data), c.options.MaxBytes)
	}
	if err := scan(r.writer.Type, data); err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	var decoded any
	if _, err := r.decoder.Decode(data, &decoded, avro.TaggedUnions()); err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	value, err := plain(m.Type, decoded)
	if err != nil {
		return nil, malformed("record %s: %v", m.Name, err)
	}
	return value, nil
}

// Compatible tells whether what was written under the one schema can be read under the other; the error names the place.
func Compatible(writer, reader string) error {
	w, err := avro.Parse(writer)
	if err != nil {
		return fmt.Errorf("the older schema: %w", err)
	}
	r, err := avro.Parse(reader)
	if err != nil {
		return fmt.Errorf("the newer schema: %w", err)
	}
	err = avro.CheckCompatibility(w, r)
	var clash *avro.CompatibilityError
	if errors.As(err, &clash) {
		return fmt.Errorf("%s: was %s, is %s: %s", clash.Path, clash.WriterType, clash.ReaderType, clash.Detail)
	}
	return err
}

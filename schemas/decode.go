package schemas

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
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
		Code: entities.UnknownType, Message: fmt.Sprintf("type %.100q is not expected here%s", typ, spelling.DidYouMean(typ, names)),
	}
}

func (c *Codec) decodeWritten(m *Message, fingerprint uint64, data []byte, candidates []*Message) (*Message, any, error) {
	if m == nil || m.Fingerprint != fingerprint {
		writer, err := c.writtenUnder(fingerprint)
		if err != nil {
			return nil, nil, err
		}
		if m, err = c.meant(m, writer, candidates); err != nil {
			return nil, nil, err
		}
	}
	value, err := c.DecodeBinary(m, fingerprint, data)
	return m, value, err
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

func (c *Codec) decodeOlder(m, writer *Message, data []byte) (any, error) {
	r, err := c.readerOf(m, writer)
	if err != nil {
		return nil, err
	}
	if r.decoder == nil {
		return c.decodeOwn(m, data)
	}
	if len(data) > c.options.MaxBytes {
		return nil, malformed("record %s has %d bytes: the limit is %d", m.Name, len(data), c.options.MaxBytes)
	}
	if err := scan(writer.Type, data); err != nil {
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

package schemas

import (
	"fmt"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/entities"
)

// A resolution is read with reader and was written with writer.
type resolution struct{ reader, writer *Message }

// A reader reads what was written under another schema, or says why it cannot. Without a decoder the two differ in nothing that bytes show.
type reader struct {
	decoder *avro.Schema
	err     error
}

// writtenUnder is the record that has or had this fingerprint; an older schema is compiled once.
func (c *Codec) writtenUnder(fingerprint uint64) (*Message, error) {
	if m := c.set.byFingerprint[fingerprint]; m != nil {
		return m, nil
	}
	if known, ok := c.older.Load(fingerprint); ok {
		return known.(*Message), nil
	}
	schemaJSON, ok := c.options.History.Schema(fingerprint)
	if !ok {
		return nil, unknownSchema(fingerprint)
	}
	m, err := compile(schemaJSON)
	if err != nil {
		return nil, &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("schema %016x: %v", fingerprint, err)}
	}
	known, _ := c.older.LoadOrStore(fingerprint, m)
	return known.(*Message), nil
}

// readerOf is the way from the writer's schema to m, made once.
func (c *Codec) readerOf(m, writer *Message) (*reader, error) {
	key := resolution{m, writer}
	known, ok := c.resolved.Load(key)
	if !ok {
		known, _ = c.resolved.LoadOrStore(key, newReader(m, writer))
	}
	r := known.(*reader)
	if r.err != nil {
		return nil, &entities.Failure{
			Code: entities.UnknownSchema, Message: fmt.Sprintf("schema %016x cannot be read as %s: %v", writer.Fingerprint, m.FullName, r.err),
		}
	}
	return r, nil
}

func newReader(m, writer *Message) *reader {
	if err := compatible(writer, m); err != nil {
		return &reader{err: err}
	}
	if writer.Fingerprint == m.Fingerprint {
		return &reader{}
	}
	decoder, err := avro.Resolve(writer.resolver, m.resolver)
	if err != nil {
		return &reader{err: fmt.Errorf("resolving: %w", err)}
	}
	return &reader{decoder: decoder}
}

package schemas

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/partita-io/partita/entities"
)

// Unavailable says that the registry could not answer now. The payload is not at fault: wait and try again.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return "schema registry: " + u.Err.Error() }

func (u *Unavailable) Unwrap() error { return u.Err }

// A Registry is a Schema Registry with what it said remembered: ids never change their meaning. It is safe for concurrent use.
type Registry struct {
	client  *sr.Client
	writers sync.Map // of int (schema id), to *Message
	ids     sync.Map // of *Message, to int
}

// NewRegistry is a client of the registry at url.
func NewRegistry(url string, opts ...sr.ClientOpt) (*Registry, error) {
	client, err := sr.NewClient(append([]sr.ClientOpt{sr.URLs(url)}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", url, err)
	}
	return &Registry{client: client}, nil
}

func (r *Registry) register(ctx context.Context, m *Message) error {
	if _, ok := r.idOf(m); ok {
		return nil
	}
	id, err := r.client.RegisterSchema(ctx, m.FullName, sr.Schema{Schema: m.SchemaJSON, Type: sr.TypeAvro}, -1, -1)
	if err != nil {
		if isRefusal(err) {
			return fmt.Errorf("registry: subject %s: %w", m.FullName, err)
		}
		return &Unavailable{Err: fmt.Errorf("subject %s: %w", m.FullName, err)}
	}
	r.ids.Store(m, id)
	return nil
}

func (r *Registry) idOf(m *Message) (int, bool) {
	id, ok := r.ids.Load(m)
	if !ok {
		return 0, false
	}
	return id.(int), true
}

// writer is the record that a schema id stands for.
func (r *Registry) writer(ctx context.Context, id int) (*Message, error) {
	if m, ok := r.writers.Load(id); ok {
		return m.(*Message), nil
	}
	schema, err := r.client.SchemaByID(ctx, id)
	var answer *sr.ResponseError
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return nil, &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("the registry has no schema with id %d", id)}
	case err != nil:
		return nil, &Unavailable{Err: fmt.Errorf("schema id %d: %w", id, err)}
	case schema.Type != sr.TypeAvro:
		return nil, &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("schema id %d is not an Avro schema", id)}
	}
	m, err := compile(schema.Schema)
	if err != nil {
		return nil, &entities.Failure{Code: entities.UnknownSchema, Message: fmt.Sprintf("schema id %d: %v", id, err)}
	}
	r.writers.Store(id, m)
	return m, nil
}

// isRefusal tells whether the registry considered the request and said no; credentials and overload may change.
func isRefusal(err error) bool {
	var answer *sr.ResponseError
	return errors.As(err, &answer) && (answer.StatusCode == http.StatusConflict || answer.StatusCode == http.StatusUnprocessableEntity)
}

func (c *Codec) registered(ctx context.Context, data []byte) (*Message, error) {
	id := int(binary.BigEndian.Uint32(data[1:5]))
	if c.options.Registry == nil {
		return nil, &entities.Failure{
			Code:    entities.UnknownSchema,
			Message: fmt.Sprintf("schema id %d: the context has no registry: give registry: URL in context.yaml, or --registry", id),
		}
	}
	return c.options.Registry.writer(ctx, id)
}

func (c *Codec) decodeConfluent(ctx context.Context, m *Message, data []byte, candidates []*Message) (*Message, any, error) {
	writer, err := c.registered(ctx, data)
	if err != nil {
		return nil, nil, err
	}
	if m == nil {
		if m, err = c.named(writer.FullName, candidates); err != nil {
			if m, err = c.named(writer.Name, candidates); err != nil {
				return nil, nil, err
			}
		}
	}
	if writer.Name != m.Name {
		return nil, nil, malformed("the header ce_type says %s, the payload is a %s", m.Name, writer.FullName)
	}
	if writer.Fingerprint == m.Fingerprint {
		value, err := c.decodeOwn(m, data[5:])
		return m, value, err
	}
	r, err := c.readerFrom(m, writer)
	if err != nil {
		return nil, nil, err
	}
	value, err := c.decodeOlder(m, r, data[5:])
	return m, value, err
}

// readerFrom is readerOf for a schema at hand.
func (c *Codec) readerFrom(m, writer *Message) (*reader, error) {
	key := resolution{m, writer.Fingerprint}
	if known, ok := c.resolved.Load(key); ok {
		return known.(*reader), nil
	}
	r, err := newReader(m, writer.SchemaJSON)
	if err != nil {
		return nil, &entities.Failure{
			Code: entities.UnknownSchema, Message: fmt.Sprintf("the writer's schema cannot be read as %s: %v", m.FullName, err),
		}
	}
	c.resolved.Store(key, r)
	return r, nil
}

package schemas

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/partita-io/partita/entities"
)

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
	if m, err = c.meant(m, writer, candidates); err != nil {
		return nil, nil, err
	}
	// Also with the fingerprint of m: logical types may differ, which it does not show.
	value, err := c.decodeOlder(m, writer, data[5:])
	return m, value, err
}

// meant is the record that a payload of the writer's is read as; m is that of the header, nil if there was none.
func (c *Codec) meant(m, writer *Message, candidates []*Message) (*Message, error) {
	if m == nil {
		if full, err := c.named(writer.FullName, candidates); err == nil {
			return full, nil
		}
		return c.named(writer.Name, candidates)
	}
	if writer.Name != m.Name {
		return nil, malformed("the header ce_type says %s, the payload is a %s", m.Name, writer.FullName)
	}
	return m, nil
}

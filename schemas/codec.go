package schemas

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/partita-io/partita/entities"
)

// An Encoding is how a context writes its payloads. On input every one is understood.
type Encoding string

// The encodings, as context.yaml names them.
const (
	AvroEncoding      Encoding = "avro"
	ConfluentEncoding Encoding = "confluent"
	JSONEncoding      Encoding = "json"
)

// The content types written with each encoding.
const (
	AvroContentType      = "application/avro"
	ConfluentContentType = "application/vnd.confluent.avro"
	JSONContentType      = "application/json"
)

// DefaultMaxBytes is the size limit of a message when Options give none.
const DefaultMaxBytes = 1 << 20

// Options say how a Codec works.
type Options struct {
	// Encoding is that of what is written; empty is AvroEncoding.
	Encoding Encoding
	// Registry is needed to write Confluent's format and to read it.
	Registry *Registry
	// History knows older schemas; nil: none.
	History History
	// MaxBytes bounds a message, read or written: 0 is DefaultMaxBytes, the most is MaxMessageBytes.
	MaxBytes int
}

// A Codec turns payloads into plain values and back. It is safe for concurrent use.
type Codec struct {
	set      *Set
	options  Options
	older    sync.Map // of uint64 (fingerprint), to *Message; History bounds it
	resolved sync.Map // of resolution, to *reader
}

// NewCodec is a codec for the records of set.
func NewCodec(set *Set, options Options) (*Codec, error) {
	if options.Encoding == "" {
		options.Encoding = AvroEncoding
	}
	if options.MaxBytes == 0 {
		options.MaxBytes = DefaultMaxBytes
	}
	if options.History == nil {
		options.History = NewHistory()
	}
	switch {
	case options.MaxBytes < 0 || options.MaxBytes > MaxMessageBytes:
		return nil, fmt.Errorf("message limit %d: it must be 1 to %d bytes", options.MaxBytes, MaxMessageBytes)
	case options.Encoding == ConfluentEncoding && options.Registry == nil:
		return nil, errors.New("encoding confluent needs a registry: give registry: URL in context.yaml, or --registry")
	case options.Encoding != AvroEncoding && options.Encoding != ConfluentEncoding && options.Encoding != JSONEncoding:
		return nil, fmt.Errorf("unknown encoding %q: avro, confluent or json", options.Encoding)
	}
	return &Codec{set: set, options: options}, nil
}

// ContentType is the header content-type of what Encode writes.
func (c *Codec) ContentType() string {
	//exhaustive:ignore
	switch c.options.Encoding {
	case ConfluentEncoding:
		return ConfluentContentType
	case JSONEncoding:
		return JSONContentType
	default:
		return AvroContentType
	}
}

// Register makes the set's schemas known to the registry, under their full names as subjects. It does nothing for other encodings.
// An error that is *Unavailable goes away by itself.
func (c *Codec) Register(ctx context.Context) error {
	if c.options.Encoding != ConfluentEncoding {
		return nil
	}
	for _, m := range c.set.messages {
		if err := c.options.Registry.register(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Encode appends the payload of a message. Under Confluent's format Register must have gone well before.
func (c *Codec) Encode(dst []byte, m *Message, value any) ([]byte, error) {
	start := len(dst)
	var err error
	//exhaustive:ignore
	switch c.options.Encoding {
	case JSONEncoding:
		dst, err = AppendJSON(dst, m.Type, value)
	case ConfluentEncoding:
		id, ok := c.options.Registry.idOf(m)
		if !ok {
			return nil, &Unavailable{Err: fmt.Errorf("record %s is not registered yet", m.FullName)}
		}
		dst = binary.BigEndian.AppendUint32(append(dst, 0), uint32(id))
		dst, err = appendBinary(dst, m.Type, value)
	default:
		dst = binary.LittleEndian.AppendUint64(append(dst, 0xC3, 0x01), m.Fingerprint)
		dst, err = appendBinary(dst, m.Type, value)
	}
	if err != nil {
		return nil, refused(m, err)
	}
	return dst, c.checkSize(m, len(dst)-start)
}

// refused is the error of a value that cannot be written.
func refused(m *Message, err error) error {
	var failure *entities.Failure
	switch {
	case errors.As(err, &failure):
		return err
	case isLimit(err):
		return &entities.Failure{Code: entities.SizeLimit, Message: fmt.Sprintf("record %s: %v", m.Name, err)}
	}
	return fmt.Errorf("record %s: %w", m.Name, err)
}

// AppendBinary appends the bare Avro binary of a value, as states are stored. Its schema is m.Fingerprint's.
func (c *Codec) AppendBinary(dst []byte, m *Message, value any) ([]byte, error) {
	start := len(dst)
	dst, err := appendBinary(dst, m.Type, value)
	if err != nil {
		return nil, refused(m, err)
	}
	return dst, c.checkSize(m, len(dst)-start)
}

func (c *Codec) checkSize(m *Message, size int) error {
	if size > c.options.MaxBytes {
		return &entities.Failure{
			Code: entities.SizeLimit, Message: fmt.Sprintf("record %s takes %d bytes: the limit is %d", m.Name, size, c.options.MaxBytes),
		}
	}
	return nil
}

// DecodeBinary reads the bare Avro binary of a record that was written under the schema of the fingerprint, as a value of m.
// Errors are *entities.Failure.
func (c *Codec) DecodeBinary(m *Message, fingerprint uint64, data []byte) (any, error) {
	if fingerprint == m.Fingerprint {
		return c.decodeOwn(m, data)
	}
	writer, err := c.writtenUnder(fingerprint)
	if err != nil {
		return nil, err
	}
	return c.decodeOlder(m, writer, data)
}

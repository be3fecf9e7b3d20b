package schemas

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/partita-io/partita/entities"
)

// A Written is a payload of which it is known under which schema it was written.
type Written struct {
	Fingerprint uint64
	// Data is bare Avro binary.
	Data []byte
	// writer is the schema itself, where a registry told it.
	writer *Message
}

// Written tells under which schema a payload was written. It is false for JSON, which names none, for what is no payload, and where a registry cannot
// tell; Decode says why.
func (c *Codec) Written(ctx context.Context, payload entities.Payload) (w Written, ok bool) {
	data := payload.Data
	switch {
	case strings.Contains(payload.ContentType, "json") || len(data) > c.options.MaxBytes:
		return w, false
	case len(data) >= 10 && data[0] == 0xC3 && data[1] == 0x01:
		return Written{Fingerprint: binary.LittleEndian.Uint64(data[2:]), Data: data[10:]}, true
	case len(data) >= 5 && data[0] == 0:
		writer, err := c.registered(ctx, data)
		if err != nil {
			return w, false
		}
		return Written{Fingerprint: writer.Fingerprint, Data: data[5:], writer: writer}, true
	}
	return w, false
}

// DecodeWritten decodes what was written as the record m, of a set that need not be the codec's. Its fingerprint does not tell logical types: where the
// schema itself is known they are compared, else whoever has the history has to (see [Compatible]).
func (c *Codec) DecodeWritten(m *Message, w Written) (any, error) {
	if w.writer != nil {
		return c.decodeOlder(m, w.writer, w.Data)
	}
	return c.DecodeBinary(m, w.Fingerprint, w.Data)
}

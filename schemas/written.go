package schemas

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/partita-io/partita/entities"
)

// Written is the fingerprint of the schema that a payload was written under, and its bare Avro binary. It is false for JSON, which names none, for what is
// no payload, and where a registry cannot tell; Decode says why.
func (c *Codec) Written(ctx context.Context, payload entities.Payload) (fingerprint uint64, data []byte, ok bool) {
	data = payload.Data
	switch {
	case strings.Contains(payload.ContentType, "json") || len(data) > c.options.MaxBytes:
		return 0, nil, false
	case len(data) >= 10 && data[0] == 0xC3 && data[1] == 0x01:
		return binary.LittleEndian.Uint64(data[2:]), data[10:], true
	case len(data) >= 5 && data[0] == 0:
		writer, err := c.registered(ctx, data)
		if err != nil {
			return 0, nil, false
		}
		return writer.Fingerprint, data[5:], true
	}
	return 0, nil, false
}

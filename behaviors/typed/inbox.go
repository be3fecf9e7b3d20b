package typed

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// An inbox is the messages that a component takes, each with what is to be done with it.
type inbox[Do any] struct {
	codec         *schemas.Codec
	maxBytes      int
	hasRegistry   bool
	messages      []*schemas.Message
	byName        map[string]*letter[Do]
	byFingerprint map[uint64]*letter[Do]
	upcasts       upcasts
}

type letter[Do any] struct {
	*message
	do Do
}

func newInbox[Do any](b *binder) inbox[Do] {
	return inbox[Do]{
		codec: b.codec, maxBytes: b.maxBytes, hasRegistry: b.hasRegistry, byName: map[string]*letter[Do]{}, byFingerprint: map[uint64]*letter[Do]{},
		upcasts: b.upcasts,
	}
}

func (in *inbox[Do]) add(m *message, do Do) {
	l := &letter[Do]{message: m, do: do}
	in.messages = append(in.messages, m.Message)
	in.byName[m.Name], in.byFingerprint[m.Fingerprint] = l, l
}

// open finds out what a payload is and returns it as bare Avro binary under today's schema. What that needs of a registry was asked for before
// (behaviors.Prepare).
func (in *inbox[Do]) open(ctx context.Context, typ string, payload entities.Payload) (*letter[Do], []byte, *entities.Failure) {
	data := payload.Data
	if len(data) >= 10 && data[0] == 0xC3 && data[1] == 0x01 && len(data) <= in.maxBytes {
		l := in.byFingerprint[binary.LittleEndian.Uint64(data[2:])]
		if l != nil && (typ == "" || typ == l.Name) && !strings.Contains(payload.ContentType, "json") {
			return l, data[10:], nil
		}
	}
	if l, was, written := in.upcast(ctx, typ, payload); l != nil {
		data, failure := was.bring(in.codec, written, l.message)
		return l, data, failure
	}
	m, value, err := in.codec.Decode(ctx, payload, typ, in.messages...)
	if err != nil {
		return nil, nil, in.explain(asFailure(err), data)
	}
	if data, err = in.codec.AppendBinary(nil, m, value); err != nil {
		return nil, nil, asFailure(err)
	}
	return in.byName[m.Name], data, nil
}

// upcast is how to bring a payload to today's shape; nil if it was not written under a schema with an upcast.
func (in *inbox[Do]) upcast(ctx context.Context, typ string, payload entities.Payload) (*letter[Do], *boundUpcast, schemas.Written) {
	if len(in.upcasts) == 0 {
		return nil, nil, schemas.Written{}
	}
	written, ok := in.codec.Written(ctx, payload)
	u := in.upcasts[written.Fingerprint]
	if !ok || u == nil {
		return nil, nil, written
	}
	l := in.byName[u.now.name()]
	if l == nil || typ != "" && typ != l.Name && typ != l.FullName {
		return nil, nil, written
	}
	return l, u, written
}

// explain names the mend, as Go has it, of a payload in Confluent's format that no registry can tell the schema of.
func (in *inbox[Do]) explain(failure *entities.Failure, data []byte) *entities.Failure {
	if in.hasRegistry || failure.Code != entities.UnknownSchema || len(data) < confluentHeader || data[0] != 0 {
		return failure
	}
	id := binary.BigEndian.Uint32(data[1:confluentHeader])
	return &entities.Failure{Code: failure.Code, Message: fmt.Sprintf("schema id %d: the context has no registry: %s", id, giveRegistry)}
}

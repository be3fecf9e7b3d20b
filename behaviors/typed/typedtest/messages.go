package typedtest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/avro"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// singleObjectHeader is the length of what stands before a value in Avro's single-object encoding.
const singleObjectHeader = 10

// messages writes and shows the structs of a model, and has its replicated values.
type messages struct {
	t      testing.TB
	model  *typed.Model
	values *values
}

func newMessages(tb testing.TB, model *typed.Model) *messages {
	tb.Helper()
	return &messages{t: tb, model: model, values: newValues(model.Replicated.Types)}
}

// encode writes a struct, or what a pointer to one points to.
func (m *messages) encode(value any) (name string, payload entities.Payload) {
	m.t.Helper()
	kind := reflect.TypeOf(value)
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	message, err := m.model.Schemas.Lookup(kind.Name())
	require.NoError(m.t, err, "%T", value)
	schema, err := avro.Parse(message.SchemaJSON)
	require.NoError(m.t, err)
	data, err := schema.AppendSingleObject(nil, value)
	require.NoError(m.t, err)
	return message.Name, entities.Payload{ContentType: schemas.AvroContentType, Data: data}
}

// show is structs as people read them.
func (m *messages) show(values []any) string {
	m.t.Helper()
	events := make([]entities.Event, len(values))
	for i, value := range values {
		events[i].Type, events[i].Payload = m.encode(value)
	}
	return m.showEvents(events)
}

func (m *messages) showEvents(events []entities.Event) string {
	m.t.Helper()
	var all strings.Builder
	for _, e := range events {
		all.WriteString(m.showOne(e.Type, e.Payload))
	}
	return all.String()
}

// showSent is what is sent, with where it goes.
func (m *messages) showSent(sent entities.Messages) string {
	m.t.Helper()
	var all strings.Builder
	for _, s := range sent.Sends {
		to := s.Entity
		if s.Context != "" {
			to = s.Context + "." + to
		}
		all.WriteString("send " + to + "/" + s.ID + " " + m.showOne(s.Type, s.Payload))
		if s.OnReply != nil {
			all.WriteString("answered as " + s.OnReply.Type + " " + string(s.OnReply.Fields) + "\n")
		}
	}
	for _, p := range sent.Publications {
		all.WriteString("publish " + p.Name + "/" + p.Key + " " + m.showOne(p.Type, p.Payload))
	}
	return all.String()
}

func (m *messages) showOne(name string, payload entities.Payload) string {
	m.t.Helper()
	message, value, err := m.model.Codec.Decode(m.t.Context(), payload, name)
	require.NoError(m.t, err)
	data, err := schemas.AppendJSON(nil, message.Type, value)
	require.NoError(m.t, err)
	return name + " " + indented(m.t, data) + "\n"
}

// together is all effects as one.
func together(effects []typed.Effects) typed.Effects {
	var all typed.Effects
	for _, e := range effects {
		all = all.And(e)
	}
	return all
}

// indented has a line for each field, so that a difference shows which.
func indented(tb testing.TB, data []byte) string {
	tb.Helper()
	var out bytes.Buffer
	require.NoError(tb, json.Indent(&out, data, "", "  "))
	return out.String()
}

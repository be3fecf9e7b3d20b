package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/schemas"
)

// Names that watch knows beside those of entities and projections.
const (
	deadLetters = "dead-letters"
	answers     = "replies"
	parkedNow   = "parked"
	operations  = "operations"
)

// watched is the topic that a name means, with the way its records are shown.
func (f *folder) watched(ctx context.Context, name string) (watched, error) {
	none := func(*kgo.Record) []string { return nil }
	switch name {
	case deadLetters:
		return watched{topic: f.TopicContext().DeadLetters().Name, columns: deadLetterColumns, value: asItIs}, nil
	case parkedNow:
		return watched{topic: f.TopicContext().Parked().Name, columns: deadLetterColumns, value: asItIs}, nil
	case operations:
		return watched{topic: f.TopicContext().Operations().Name, columns: none, value: asItIs}, nil
	case answers:
		return watched{topic: f.TopicContext().Replies().Name, columns: none, value: asItIs}, nil
	}
	if f.isValue(name) {
		return f.watchedValues(name), nil
	}
	t, err := f.Find(name)
	if err != nil {
		return watched{}, usageError{err}
	}
	w := watched{topic: t.Name, columns: none}
	var candidates []*schemas.Message
	if t.Rows {
		w.table = name
		candidates = []*schemas.Message{f.Projection(name).Row}
	} else {
		candidates = f.messagesOf(name)
		w.columns = func(r *kgo.Record) []string { return []string{header(r, records.Type)} }
	}
	w.value = func(r *kgo.Record) json.RawMessage { return f.decoded(ctx, r, candidates) }
	return w, nil
}

// messagesOf are the events of an entity, or the messages of a publication or a stream.
func (f *folder) messagesOf(name string) []*schemas.Message {
	if e := f.Entity(name); e != nil {
		return e.Events
	}
	if p := f.Publication(name); p != nil {
		return p.Messages
	}
	return f.Projection(name).Stream.Messages
}

func deadLetterColumns(r *kgo.Record) []string {
	return []string{header(r, records.DeadLetterReason), header(r, records.DeadLetterMessage), "(" + header(r, records.DeadLetterSource) + ")"}
}

// decoded is a value as JSON; what cannot be decoded is shown as it is, with the reason.
func (f *folder) decoded(ctx context.Context, r *kgo.Record, candidates []*schemas.Message) json.RawMessage {
	payload := entities.Payload{Data: r.Value, ContentType: header(r, records.ContentType)}
	shown, err := f.JSON(ctx, payload, header(r, records.Type), candidates...)
	if err == nil {
		return shown
	}
	return quoted(fmt.Sprintf("cannot be decoded: %v: %q", err, r.Value))
}

// asItIs is a value that is JSON already, or a JSON string of it.
func asItIs(r *kgo.Record) json.RawMessage {
	if json.Valid(r.Value) {
		return r.Value
	}
	return quoted(fmt.Sprintf("%q", r.Value))
}

func quoted(s string) json.RawMessage {
	b, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// commandOf is the value of a command's record as JSON; that of an event, for a projection.
func (f *folder) commandOf(ctx context.Context, component string, r *kgo.Record) json.RawMessage {
	if e := f.Entity(component); e != nil {
		return f.decoded(ctx, r, e.Commands)
	}
	return f.decoded(ctx, r, f.Schemas.Messages())
}

// A headerLine is a header in JSON; bytes that are no text are replaced.
type headerLine struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func headerLines(headers []kgo.RecordHeader) []headerLine {
	lines := make([]headerLine, 0, len(headers))
	for _, h := range headers {
		lines = append(lines, headerLine{h.Key, string(h.Value)})
	}
	return lines
}

// showCommand shows the headers of a record and its value.
func (a *app) showCommand(headers []kgo.RecordHeader, value json.RawMessage) error {
	for _, h := range headers {
		if _, err := fmt.Fprintf(a.out, "  %s: %s\n", h.Key, printable(h.Value)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.out, "  %s\n", value)
	return err
}

// printable is text as it is, and other bytes in quotes.
func printable(b []byte) string {
	if quoted := fmt.Sprintf("%q", b); quoted != `"`+string(b)+`"` {
		return quoted
	}
	return string(b)
}

// storedJSON shows what a store holds of an entity.
func storedJSON(e *contexts.Entity, value []byte) (stored entities.Stored, state json.RawMessage, err error) {
	if stored, err = entities.ParseStored(value); err != nil {
		return stored, nil, err
	}
	decoded := e.Behavior.InitialState()
	if stored.State != nil {
		if decoded, err = e.Behavior.DecodeState(stored.Fingerprint, stored.State); err != nil {
			return stored, nil, err
		}
	}
	state, err = e.Behavior.StateJSON(decoded)
	return stored, state, err
}

package starlark

import (
	"context"
	"fmt"
	"io/fs"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// ProjectionConfig says where a projection's behaviour is and what it is about.
type ProjectionConfig struct {
	Folder fs.FS
	File   string
	Name   string
	// Key is the event's field that keys the row; empty: key_ functions, or the entity id where there are none. See rowkey.go.
	Key string
	// SourceKeys are such fields for events of single topics, by the topic's name; for others Key stands.
	SourceKeys map[string]string
	// ByTime has rows for each day or hour of the events' times; empty: it does not.
	ByTime behaviors.Period
	Events []*Message
	Row    *Message
	Codec  Codec
	// RowContentType is the content type that Codec.Encode writes.
	RowContentType string
	Tables         []Table
	Replicated     Replicated
	Print          func(file, text string)
	Limits         Limits
}

// A Projection is a projection in Starlark.
type Projection struct {
	config ProjectionConfig
	caller *caller
	on     map[string]*star.Function
	key    map[string]*star.Function
	row    *Record
}

var _ behaviors.Projection = (*Projection)(nil)

// LoadProjection loads a projection's script. All its problems come back at once; the projection is usable when there are none.
func LoadProjection(config ProjectionConfig) (*Projection, []Problem) {
	config.Limits = config.Limits.withDefaults()
	allowed := turn{tables: config.Tables, replicated: config.Replicated}
	globals, problems := loadScript(config.Folder, config.File, config.Limits, config.Print, &allowed, config.Events, []*Message{config.Row})
	if len(problems) > 0 {
		return nil, problems
	}
	f := &functions{file: config.File, owner: "projection " + config.Name, globals: globals}
	p := &Projection{config: config, caller: newCaller(config.Limits, config.Print)}
	p.on = f.optional("on_", []string{"row", "event", "ctx"}, config.Events)
	p.key = f.optional("key_", []string{"event", "ctx"}, config.Events)
	f.refuseUnknown("on_", "event", config.Events)
	f.refuseUnknown("key_", "event", config.Events)
	p.checkKeys(f)
	row, err := newRecord(config.Row.Type, nil, nil, 0)
	if err != nil {
		f.problem("row %s: %v", config.Row.Name, err)
	}
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	p.row = row
	p.row.Freeze()
	return p, nil
}

// Keyed tells whether rows have keys of their own; otherwise the key is the entity id and no event changes its partition.
func (p *Projection) Keyed() bool { return p.namesKeys() || p.config.ByTime != "" }

// Wants tells whether there is an on_ function for the event.
func (p *Projection) Wants(eventType string) bool { return p.on[eventType] != nil }

// RowType is the row's record.
func (p *Projection) RowType() string { return p.config.Row.Name }

// RowContentType is the content type of rows.
func (p *Projection) RowContentType() string { return p.config.RowContentType }

func (p *Projection) decode(ctx context.Context, event *behaviors.Event) (*Record, *entities.Failure) {
	return decodeEvent(ctx, p.config.Codec, p.config.Events, p.config.Name, event)
}

// Apply calls the on_ function on a copy of the row.
func (p *Projection) Apply(ctx context.Context, stored []byte, event *behaviors.Event) (newRow []byte, failure *entities.Failure) {
	defer p.recovered(&failure)
	on := p.on[event.Type]
	if on == nil {
		return stored, nil
	}
	record, failure := p.decode(ctx, event)
	if failure != nil {
		return nil, failure
	}
	t := p.caller.borrow()
	defer p.caller.giveBack(t)
	row, failure := p.rowToChange(ctx, t, stored)
	if failure != nil {
		return nil, failure
	}
	result, failure := t.call(on, turn{}, row, record, p.context(event, t))
	if failure != nil {
		return nil, failure
	}
	if e, ok := result.(*effect); ok && e.kind == deleting {
		return nil, nil
	}
	data, err := p.encode(t, result, row)
	if err != nil {
		return nil, t.failure(on, err)
	}
	return data, nil
}

// recovered makes a panic a failure. It is deferred.
func (p *Projection) recovered(failure **entities.Failure) {
	if reason := recover(); reason != nil {
		*failure = panicked(p.config.File+": projection "+p.config.Name, reason)
	}
}

// rowToChange is the stored row, or the defaults where there is none.
func (p *Projection) rowToChange(ctx context.Context, t *thread, stored []byte) (*Record, *entities.Failure) {
	if stored == nil {
		return p.row.thawed(&t.budget), nil
	}
	_, value, failure := decode(ctx, p.config.Codec, p.config.Row.Name, p.payload(stored))
	if failure != nil {
		return nil, failure
	}
	row := recordToStar(value, p.config.Row.Type)
	row.Freeze()
	return row.thawed(&t.budget), nil
}

func (p *Projection) encode(t *thread, result star.Value, row *Record) ([]byte, error) {
	if result != star.None {
		return nil, fmt.Errorf("returned %s: change the row in place and return nothing, or delete()", result.Type())
	}
	if _, err := coerce(row, p.config.Row.Type, &t.budget, 0); err != nil {
		return nil, fmt.Errorf("%s.%w", row.Type(), err)
	}
	value, err := recordToPlain(row, p.config.Row.Type, &t.budget, 0)
	if err != nil {
		return nil, err
	}
	payload, err := p.config.Codec.Encode(p.config.Row, value)
	return payload.Data, err
}

func (p *Projection) payload(data []byte) entities.Payload {
	return entities.Payload{Data: data, ContentType: p.config.RowContentType}
}

// RowJSON shows a stored row to people.
func (p *Projection) RowJSON(row []byte) ([]byte, error) {
	_, value, failure := p.config.Codec.Decode(p.config.Row.Name, p.payload(row))
	if failure != nil {
		return nil, fmt.Errorf("row of projection %s: %w", p.config.Name, failure)
	}
	return p.config.Codec.JSON(p.config.Row, value)
}

func (p *Projection) context(event *behaviors.Event, t *thread) *scope {
	return t.eventContext(event, p.config.Tables, p.config.Replicated)
}

func (t *thread) eventContext(e *behaviors.Event, tables []Table, r Replicated) *scope {
	return t.context(eventNames, (*aboutEvent)(e), e.Headers, tables, r)
}

// aboutEvent is what the ctx of a function of a projection or a stream is about.
type aboutEvent behaviors.Event

var eventNames = scopeNames("entity", "entity_id", "sequence", "now", "command_id")

func (e *aboutEvent) field(name string) star.Value {
	switch name {
	case "entity":
		return star.String(e.Entity)
	case "entity_id":
		return star.String(e.EntityID)
	case "sequence":
		return star.MakeInt64(e.Sequence)
	case "now":
		return star.MakeInt64(e.NowMS)
	}
	return star.String(e.CausationID)
}

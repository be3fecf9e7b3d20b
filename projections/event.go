package projections

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A fact is an event record with its headers understood.
type fact struct {
	event behaviors.Event
	// id is ce_id, "entity/id/sequence" for events of ours, and source ce_source.
	id, source, trace, time, correlation []byte
	// typed and placed tell that the record itself names its type and where it happened.
	typed, placed bool
}

// understand reads the headers of an event, or of one that was re-keyed: they are the same, only the record's key is another.
func understand(r *partitions.Record) *fact {
	f := &fact{}
	f.event.Topic, f.event.Payload.Data = r.Topic, r.Value
	f.event.NowMS = r.Timestamp.UnixMilli()
	if len(r.Headers) > 0 {
		f.event.Headers = make([]entities.Header, len(r.Headers))
	}
	for i, h := range r.Headers {
		f.event.Headers[i] = entities.Header(h)
		f.header(h.Key, h.Value)
	}
	if !f.placed {
		f.event.EntityID = string(r.Key)
	}
	if !f.typed {
		f.event.Type = typeInside(f.event.Payload)
	}
	return f
}

func (f *fact) header(key string, value []byte) {
	switch key {
	case records.Type:
		// Foreign senders may give the full name; functions are called after the last part.
		name := string(value)
		f.event.Type, f.typed = name[strings.LastIndexByte(name, '.')+1:], true
	case records.ContentType:
		f.event.Payload.ContentType = string(value)
	case records.Subject:
		f.event.EntityID, f.placed = string(value), true
	case records.Causation:
		f.event.CausationID = string(value)
	case records.TraceParent:
		f.trace = value
	case records.Correlation:
		f.correlation = value
	case records.Source:
		f.source = value
	case records.Time:
		f.time = value
	case records.ID:
		f.id = value
		if id, err := records.ParseEventID(string(value)); err == nil {
			f.event.Entity = id.Entity
		}
	case records.Sequence:
		// Only ours are numbers; a foreign topic's header of this name means nothing here.
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			f.event.Sequence = n
		}
	}
}

// typeInside is the "type" of a JSON object, which is how a record without headers says what it is.
func typeInside(payload entities.Payload) string {
	if !bytes.HasPrefix(bytes.TrimLeft(payload.Data, " \t\r\n"), []byte("{")) {
		return ""
	}
	var named struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(payload.Data, &named) != nil {
		return ""
	}
	return named.Type[strings.LastIndexByte(named.Type, '.')+1:]
}

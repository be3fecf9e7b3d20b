package inbox

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

// A Fact is a record of an event or a message with its headers understood.
type Fact struct {
	Event behaviors.Event
	// ID is ce_id, "entity/id/sequence" for events of ours, and Source is ce_source. The others are traceparent, ce_time and partita_correlation. Each is
	// nil if the record has none.
	ID, Source, Trace, Time, Correlation []byte
	// Hops is how many sends are behind it.
	Hops int
	// Placed tells that the record itself names where it happened.
	Placed bool

	typed bool
}

// A Reader understands records one after another.
type Reader struct{ fact Fact }

// Understand reads a record's headers, or those of one that was re-keyed: they are the same, only the record's key is another. The fact is good until the
// next record is read: what it is made of is used again.
func (x *Reader) Understand(r *partitions.Record) *Fact {
	before := x.fact.Event
	f := &x.fact
	*f = Fact{Event: behaviors.Event{
		Topic: r.Topic, Payload: entities.Payload{Data: r.Value}, NowMS: r.Timestamp.UnixMilli(), Headers: before.Headers[:0],
	}}
	for _, h := range r.Headers {
		f.Event.Headers = append(f.Event.Headers, entities.Header(h))
		f.header(h.Key, h.Value, &before)
	}
	if !f.Placed {
		f.Event.EntityID = string(r.Key)
	}
	if !f.typed {
		f.Event.Type = typeInside(f.Event.Payload)
	}
	return f
}

func (f *Fact) header(key string, value []byte, before *behaviors.Event) {
	switch key {
	case records.Type:
		// Foreign senders may give the full name; functions are called after the last part.
		f.Event.Type, f.typed = sameOr(before.Type, value[bytes.LastIndexByte(value, '.')+1:]), true
	case records.ContentType:
		f.Event.Payload.ContentType = sameOr(before.Payload.ContentType, value)
	case records.Subject:
		f.Event.EntityID, f.Placed = string(value), true
	case records.Causation:
		f.Event.CausationID = string(value)
	case records.Correlation:
		f.Correlation = value
	case records.TraceParent:
		f.Trace = value
	case records.Time:
		f.Time = value
	case records.Source:
		f.Source = value
	case records.ID:
		f.ID = value
		if id, err := records.ParseEventID(string(value)); err == nil {
			f.Event.Entity = id.Entity
		}
	case records.Sequence:
		// Only ours are numbers; a foreign topic's header of this name means nothing here.
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			f.Event.Sequence = n
		}
	case records.Hops:
		if n, err := strconv.Atoi(string(value)); err == nil && n > 0 {
			f.Hops = n
		}
	}
}

// sameOr is value as a string: the one of the record before, if that is the same, as it mostly is.
func sameOr(before string, value []byte) string {
	if before == string(value) {
		return before
	}
	return string(value)
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

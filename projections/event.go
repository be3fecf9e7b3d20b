package projections

import (
	"strconv"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A fact is an event record with its headers understood.
type fact struct {
	event behaviors.Event
	// id is ce_id, "entity/id/sequence" for events of ours.
	id    []byte
	trace []byte
	time  []byte
}

// understand reads the headers of an event, or of one that was re-keyed: they are the same, only the record's key is another.
func understand(r *partitions.Record) *fact {
	f := &fact{}
	f.event.Payload.Data = r.Value
	f.event.NowMS = r.Timestamp.UnixMilli()
	f.event.EntityID = string(r.Key)
	f.event.Headers = make([]entities.Header, len(r.Headers))
	for i, h := range r.Headers {
		f.event.Headers[i] = entities.Header(h)
		switch h.Key {
		case records.Type:
			f.event.Type = string(h.Value)
		case records.ContentType:
			f.event.Payload.ContentType = string(h.Value)
		case records.Subject:
			f.event.EntityID = string(h.Value)
		case records.Causation:
			f.event.CausationID = string(h.Value)
		case records.TraceParent:
			f.trace = h.Value
		case records.Time:
			f.time = h.Value
		case records.ID:
			f.id = h.Value
			if id, err := records.ParseEventID(string(h.Value)); err == nil {
				f.event.Entity = id.Entity
			}
		case records.Sequence:
			// Only ours are numbers; a foreign topic's header of this name means nothing here.
			f.event.Sequence, _ = strconv.ParseInt(string(h.Value), 10, 64)
		}
	}
	return f
}

package history

import (
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// An event is one of an entity, with its headers understood.
type event struct {
	behaviors.Event
	deletes bool
	// timeMS is the time of the command that caused it, in ms since 1970.
	timeMS int64
}

// understand reads the headers of an event, or says why the record is none.
func understand(entity string, r *kgo.Record) (e event, problem string) {
	e.Entity, e.EntityID, e.Payload, e.NowMS = entity, string(r.Key), entities.Payload{Data: r.Value}, r.Timestamp.UnixMilli()
	e.timeMS = e.NowMS
	for _, header := range r.Headers {
		value := string(header.Value)
		switch header.Key {
		case records.Type:
			e.Type = value
		case records.ContentType:
			e.Payload.ContentType = value
		case records.Sequence:
			e.Sequence, _ = strconv.ParseInt(value, 10, 64) // What is no number is no sequence either.
		case records.Deletes:
			e.deletes = value == "true"
		case records.Time:
			if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
				e.timeMS = t.UnixMilli()
			}
		}
	}
	if e.Sequence < 1 || e.Type == "" {
		return e, "the record is no event: it needs the headers " + records.Type + " and " + records.Sequence
	}
	return e, ""
}

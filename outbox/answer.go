package outbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// Answer makes the command that tells an entity an answer. It is JSON: whoever answers need not know the command's schema.
func (o Writer) Answer(c *Cause, to *records.ReturnAddress, a *entities.Answer) (*kgo.Record, error) {
	fields := map[string]json.RawMessage{}
	for name, value := range to.Fields {
		fields[name] = value
	}
	for name, value := range told(a) {
		if slices.Contains(to.Take, name) {
			fields[name] = value
		}
	}
	value, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("the answer for %s/%s: %w", to.Topic, to.ID, err)
	}
	headers := append(make([]kgo.RecordHeader, 0, 7),
		kgo.RecordHeader{Key: records.Type, Value: []byte(to.Type)},
		kgo.RecordHeader{Key: records.ContentType, Value: []byte("application/json")},
	)
	r := &kgo.Record{Topic: to.Topic, Partition: to.Partition, Key: []byte(to.ID), Value: value, Headers: append(headers, o.chain(c, c.Hops+1)...)}
	return r, o.checkSize(r, "the answer for "+to.Topic+"/"+to.ID)
}

// told are the fields of an answer as JSON; see [entities.AnswerFields].
func told(a *entities.Answer) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{
		"status": quoted(string(a.Status)), "sequence": strconv.AppendInt(nil, a.Sequence, 10),
	}
	if a.Status != entities.Accepted {
		fields["code"], fields["message"] = quoted(a.Code), quoted(a.Message)
	}
	if len(a.Reply) > 0 {
		fields["reply"] = a.Reply
	}
	return fields
}

func quoted(s string) json.RawMessage {
	text, err := json.Marshal(s)
	if err != nil {
		return json.RawMessage(`""`) // A string always has a form in JSON.
	}
	return text
}

package admin

import (
	"context"
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// A Schema is one record of a schema topic.
type Schema struct {
	// Fingerprint is CRC-64-AVRO of the schema's canonical form.
	Fingerprint uint64
	// Name is the full name of its record.
	Name string
	JSON string
}

// Key is the record's key: 16 hexadecimal digits.
func (s Schema) Key() string { return fmt.Sprintf("%016x", s.Fingerprint) }

// LoadSchemas reads a schema topic to its end, with a consumer of its own. A topic that does not exist holds no schemas. Records that are no
// schemas are passed over: a value that needs them will say which fingerprint it misses.
func LoadSchemas(ctx context.Context, cfg client.Config, topic string) (map[uint64]Schema, error) {
	loaded, err := loadSchemas(ctx, cfg, topic)
	if err != nil {
		return nil, fmt.Errorf("reading schemas from %s: %w", topic, client.NameRight(err, "READ", "topic "+topic))
	}
	return loaded, nil
}

func loadSchemas(ctx context.Context, cfg client.Config, topic string) (map[uint64]Schema, error) {
	schemas := map[uint64]Schema{}
	err := readToEnd(ctx, cfg, topic, func(r *kgo.Record) {
		if s, ok := readSchema(r); ok {
			schemas[s.Fingerprint] = s
		}
	})
	return schemas, err
}

func readSchema(r *kgo.Record) (Schema, bool) {
	if len(r.Value) == 0 || len(r.Key) != 16 {
		return Schema{}, false
	}
	fingerprint, err := strconv.ParseUint(string(r.Key), 16, 64)
	if err != nil {
		return Schema{}, false
	}
	s := Schema{Fingerprint: fingerprint, JSON: string(r.Value)}
	for _, h := range r.Headers {
		if h.Key == records.Name {
			s.Name = string(h.Value)
		}
	}
	return s, true
}

// PublishSchemas writes schemas and returns when all are safe. A schema that is there already does no harm: the topic is compacted.
func (a *Admin) PublishSchemas(ctx context.Context, topic string, schemas ...Schema) error {
	written := make([]*kgo.Record, 0, len(schemas))
	for _, s := range schemas {
		written = append(written, &kgo.Record{
			Topic: topic, Key: []byte(s.Key()), Value: []byte(s.JSON),
			Headers: []kgo.RecordHeader{{Key: records.Name, Value: []byte(s.Name)}},
		})
	}
	for _, r := range a.client.ProduceSync(ctx, written...) {
		if r.Err != nil {
			return fmt.Errorf("writing the schema of %s to %s: %w", r.Record.Headers[0].Value, topic, client.NameRight(r.Err, "WRITE", "topic "+topic))
		}
	}
	return nil
}

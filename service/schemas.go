package service

import (
	"context"
	"fmt"

	"github.com/partita-io/partita/kafka/admin"
)

// A SchemasError says which of today's schemas cannot read what the topics hold.
type SchemasError struct {
	Context string
	Err     error
}

func (e *SchemasError) Error() string {
	return fmt.Sprintf("context %s cannot start on what its topics hold: %v", e.Context, e.Err)
}

func (e *SchemasError) Unwrap() error { return e.Err }

// exchangeSchemas reads the schemas of what was written up to now and publishes those of what will be, so that every value in a topic can be
// read by whoever reads the schema topic first.
func (s *service) exchangeSchemas(ctx context.Context, asks *admin.Admin) error {
	topic := s.Context.Topics.Schemas().Name
	written, err := admin.LoadSchemas(ctx, s.Client, topic)
	if err != nil {
		return err
	}
	if s.Context.Adopt != nil {
		if err := s.Context.Adopt(written); err != nil {
			return &SchemasError{Context: s.Context.Topics.Name, Err: err}
		}
	}
	if s.Context.Register != nil {
		if err := s.Context.Register(ctx); err != nil {
			return err
		}
	}
	var fresh []admin.Schema
	for _, schema := range s.Context.Schemas {
		if _, known := written[schema.Fingerprint]; !known {
			fresh = append(fresh, schema)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return asks.PublishSchemas(ctx, topic, fresh...)
}

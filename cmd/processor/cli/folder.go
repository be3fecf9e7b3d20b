package cli

import (
	"context"
	"errors"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

// A folder is a loaded bounded context, as the commands need it.
type folder struct {
	*contexts.Context
	dir string
	// reached is how brokers are reached, for the commands in mends.
	reached string
}

// openFolder loads a folder; problems come as contexts.Problems.
func openFolder(dir string, opts contexts.Options) (*folder, error) {
	c, problems := contexts.Load(dir, opts)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return &folder{Context: c, dir: dir}, nil
}

// loadFor is load for a command that goes to brokers.
func (a *app) loadFor(dir string, c *connection) (*folder, error) {
	f, err := a.load(dir, c.registry)
	if err == nil {
		f.reached = c.typed()
	}
	return f, err
}

// load is for commands that need a folder without problems; they are told as `check` tells them. Its tests are not looked at.
func (a *app) load(dir, registry string) (*folder, error) {
	f, err := openFolder(dir, contexts.Options{Registry: registry, Log: a.logging.logger(a.err)})
	var problems contexts.Problems
	if errors.As(err, &problems) {
		a.say("%v", problems.Error())
		return nil, errCouldNot
	}
	return f, err
}

// service is the folder as package service runs it.
func (f *folder) service(ctx context.Context) *service.Context {
	t := f.TopicContext()
	t.Folder += f.reached
	c := &service.Context{Topics: t, Specs: f.Topics(), Adopt: f.adopt, Components: f.Components(ctx), Replicated: f.Values(), Version: f.Hash}
	if f.Encoding == contexts.Confluent {
		c.Register = f.Codec.Register
	}
	for i := range f.Projections {
		p := &f.Projections[i]
		if p.Stream != nil {
			continue
		}
		c.Projections = append(c.Projections, service.Projection{
			Name: p.Name, Keyed: p.Keyed, Hash: p.Hash,
			Component: func(version int) partitions.Component { return f.TableComponent(ctx, p, version) },
		})
	}
	for _, t := range f.Tables {
		c.Tables = append(c.Tables, t.Content)
	}
	for _, m := range f.Schemas.Messages() {
		c.Schemas = append(c.Schemas, admin.Schema{Fingerprint: m.Fingerprint, Name: m.FullName, JSON: m.SchemaJSON})
	}
	return c
}

// adopt refuses schemas that cannot read what was written under earlier ones.
func (f *folder) adopt(written map[uint64]admin.Schema) error { return f.unreadable(written).Err() }

// unreadable makes earlier schemas known and returns the complaints.
func (f *folder) unreadable(written map[uint64]admin.Schema) contexts.Problems {
	stored := make([]contexts.StoredSchema, 0, len(written))
	for fingerprint, s := range written {
		f.History.Add(fingerprint, s.JSON)
		stored = append(stored, contexts.StoredSchema{Name: s.Name, Fingerprint: fingerprint, JSON: s.JSON})
	}
	return contexts.CheckHistory(f.Context, stored)
}

// learnSchemas makes known what values in the topics were written under.
func (f *folder) learnSchemas(ctx context.Context, cfg client.Config) error {
	written, err := admin.LoadSchemas(ctx, cfg, f.TopicContext().Schemas().Name)
	if err != nil {
		return err
	}
	for fingerprint, s := range written {
		f.History.Add(fingerprint, s.JSON)
	}
	return nil
}

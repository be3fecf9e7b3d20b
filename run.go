package partita

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"

	"github.com/twmb/franz-go/pkg/sasl"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/service"
)

// A Context is a bounded context: its entity types and projections.
type Context struct {
	// Name is the prefix of every topic and the name of the consumer group: lower-case letters, digits and hyphens.
	Name string
	// Partitions is the number of shards, one number for all topics of the context. It is fixed once the topics are made.
	Partitions int32
	// Namespace goes before the names of Avro records; it may be empty.
	Namespace string
	// Parts are made by typed.NewEntity and typed.NewProjection.
	Parts []typed.Part
}

// Options say where a context runs.
type Options struct {
	// Brokers are host:port of some brokers of the cluster.
	Brokers []string
	// TLS and SASL may be nil.
	TLS  *tls.Config
	SASL sasl.Mechanism
	// StateDir is where stores are kept, one directory for each process. Default .partita/<context> below the working directory.
	StateDir string
	// HTTP is the address of /metrics, /healthz and /readyz, host:port; empty for none.
	HTTP string
	// CreateTopics creates what is missing. What differs is said, and never changed.
	CreateTopics bool
	// Logger is told what an operator wants to know; nil: slog.Default.
	Logger *slog.Logger
	// Started is called once when nothing stands in the way any more. May be nil.
	Started func()
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Run runs a context until ctx ends: then it finishes the windows under way, leaves the group and returns nil. It waits for brokers that are away.
// It returns an error when only a person can help, with all that is wrong.
func Run(ctx context.Context, c Context, o Options) error {
	if err := errors.Join(c.validate(), o.validate()); err != nil {
		return err
	}
	bound, err := c.bind(ctx)
	if err != nil {
		return err
	}
	return service.Run(ctx, service.Options{
		Context:      bound,
		Client:       client.Config{Brokers: o.Brokers, TLS: o.TLS, SASL: o.SASL},
		StateDir:     cmp.Or(o.StateDir, filepath.Join(".partita", c.Name)),
		HTTP:         o.HTTP,
		CreateTopics: o.CreateTopics,
		Logger:       cmp.Or(o.Logger, slog.Default()),
		Started: func(string) error {
			if o.Started != nil {
				o.Started()
			}
			return nil
		},
	})
}

func (c Context) validate() error {
	var errs []error
	if !nameForm.MatchString(c.Name) {
		errs = append(errs, fmt.Errorf("context %q: a name is lower-case letters, digits and hyphens, and begins with a letter", c.Name))
	}
	if c.Partitions < 1 {
		errs = append(errs, fmt.Errorf("context %s: %d partitions: at least 1", c.Name, c.Partitions))
	}
	return errors.Join(errs...)
}

func (o Options) validate() error {
	if len(o.Brokers) == 0 {
		return errors.New("no brokers: Options.Brokers names some of the cluster, host:port")
	}
	return nil
}

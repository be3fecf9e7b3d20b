package partita

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"

	"github.com/twmb/franz-go/pkg/sasl"

	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/schemas"
	"github.com/partita-io/partita/service"
)

// A Context is a bounded context: its entity types, projections, publications and subscriptions.
type Context struct {
	// Name is the prefix of every topic and the name of the consumer group: lower-case letters, digits and hyphens.
	Name string
	// Partitions is the number of shards, one number for all topics of the context. It is fixed once the topics are made.
	Partitions int32
	// Namespace goes before the names of Avro records; it may be empty.
	Namespace string
	// Encoding is how events and rows are written: avro (the default), json, or confluent, which needs a Registry.
	Encoding schemas.Encoding
	// Parts are made by typed.NewEntity, NewProjection, NewStream, NewPublication, NewSubscription and NewTable; replicated values by NewCounter and its
	// neighbours.
	Parts []typed.Part
}

// Options say where a context runs.
type Options struct {
	// Brokers are host:port of some brokers of the cluster.
	Brokers []string
	// TLS and SASL may be nil.
	TLS  *tls.Config
	SASL sasl.Mechanism
	// Registry is the URL of a schema registry, for payloads in Confluent's format; empty for none.
	Registry string
	// StateDir is where stores are kept, one directory for each process. Default .partita/<context> below the working directory.
	StateDir string
	// HTTP is the address of /metrics, /healthz and /readyz, host:port; empty for none.
	HTTP string
	// Advertise is where the other processes of the context find that server, host:port; empty: this machine's name and the port. Give it where
	// that name means nothing to them, or the port is mapped.
	Advertise string
	// Lanes is how many windows this process works on at a time on each side, commands and projections; 0: 1. More pay only with many cores, and
	// take the memory of a lane each.
	Lanes int
	// CreateTopics creates what is missing. What differs is said, and never changed.
	CreateTopics bool
	// Logger is told what an operator wants to know; nil: slog.Default.
	Logger *slog.Logger
	// Started is called once when nothing stands in the way any more. May be nil.
	Started func()
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Run runs a context until ctx ends: then it finishes the windows under way, leaves the group and returns nil. It waits for brokers that are away.
// It returns an error when only a person can help, with all that is wrong with the context, the options and the parts.
func Run(ctx context.Context, c Context, o Options) error {
	bound, err := c.bind(ctx, o.Registry)
	if err := errors.Join(c.validate(), o.validate(), err); err != nil {
		return err
	}
	return service.Run(ctx, service.Options{
		Context:      bound.context(ctx),
		Client:       client.Config{Brokers: o.Brokers, TLS: o.TLS, SASL: o.SASL},
		StateDir:     cmp.Or(o.StateDir, filepath.Join(".partita", c.Name)),
		HTTP:         o.HTTP,
		Advertise:    o.Advertise,
		Lanes:        o.Lanes,
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
	if len(c.Parts) == 0 {
		errs = append(errs, fmt.Errorf("context %s has no parts: typed.NewEntity and its neighbours make them", c.Name))
	}
	return errors.Join(errs...)
}

func (o Options) validate() error {
	var errs []error
	if len(o.Brokers) == 0 {
		errs = append(errs, errors.New("no brokers: Options.Brokers names some of the cluster, host:port"))
	}
	if o.Lanes < 0 {
		errs = append(errs, fmt.Errorf("%d lanes: Options.Lanes is at least 1, or 0 for the default", o.Lanes))
	}
	if at, err := url.Parse(o.Registry); o.Registry != "" && (err != nil || at.Host == "") {
		errs = append(errs, fmt.Errorf("Options.Registry %s is no URL like http://registry:8081", o.Registry))
	}
	if o.Advertise != "" && o.HTTP == "" {
		errs = append(errs, errors.New("Options.Advertise says where Options.HTTP is found: give that too"))
	}
	return errors.Join(errs...)
}

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/service"
)

type inspectOptions struct {
	connection connection
	json       bool
}

func (a *app) inspectCommand() *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect DIR ENTITY ID|replicated NAME",
		Short: "Shows the state of an entity, and who owns it; or a replicated value",
		Long: "Shows the committed state of an entity, its sequence, its shard and the shard's owner. The owner is asked; if there is none, or it\n" +
			"does not answer, the changelog is read. Standard error says which.\n\n" +
			"Of a replicated value it shows what is committed, by the topic, whatever the processors have heard of.\n\n" +
			"Exit code 1: the entity has never accepted a command.",
		Example:           "  processor inspect examples/shop cart c1",
		Args:              cobra.ExactArgs(3),
		ValidArgsFunction: completeInspect,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inspect(cmd.Context(), args[0], args[1], args[2], &o)
		},
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.BoolVar(&o.json, "json", false, "as a JSON object")
	return cmd
}

// An inspection is what is shown of an entity.
type inspection struct {
	Entity   string          `json:"entity"`
	ID       string          `json:"id"`
	Sequence int64           `json:"sequence"`
	Shard    int32           `json:"shard"`
	Owner    string          `json:"owner"`
	Source   string          `json:"source"`
	Parked   *parkedLine     `json:"parked,omitempty"`
	State    json.RawMessage `json:"state"`
}

// A parkedLine is how an entity is parked.
type parkedLine struct {
	Waiting int64  `json:"waiting"`
	Since   string `json:"since"`
	Reason  string `json:"reason"`
}

func parkedLineOf(p *entities.Parked) *parkedLine {
	if p == nil {
		return nil
	}
	return &parkedLine{Waiting: p.Waiting(), Since: moment(time.UnixMilli(p.SinceMS)), Reason: string(p.Reason)}
}

func (a *app) inspect(ctx context.Context, dir, name, id string, o *inspectOptions) error {
	f, err := a.load(dir, o.connection.registry)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if name == replicatedNow {
		return a.inspectValue(ctx, f, id, o)
	}
	entity, err := f.FindEntity(name)
	if err != nil {
		return usageError{err}
	}
	cfg, err := o.connection.configFor(dir)
	if err != nil {
		return err
	}
	if err := f.learnSchemas(ctx, cfg); err != nil {
		return unreachable(err, cfg)
	}
	found := inspection{Entity: entity.Name, ID: id, Shard: records.Partition([]byte(id), f.Partitions)}
	stored, err := a.stored(ctx, f, cfg, &found)
	if err != nil {
		return unreachable(err, cfg)
	}
	if stored == nil {
		a.say("%s/%s has never accepted a command (shard %d, owner %s, source: %s)", name, id, found.Shard, found.Owner, found.Source)
		return errNo
	}
	read, state, err := storedJSON(entity, stored)
	if err != nil {
		return fmt.Errorf("%s/%s: %w", name, id, err)
	}
	found.Sequence, found.State, found.Parked = read.Sequence, state, parkedLineOf(read.Parked)
	return a.showInspection(found, o.json)
}

const (
	fromOwner     = "owner"
	fromChangelog = "changelog"
	noOwner       = "none"
)

// stored asks the owner, else reads the changelog, and notes which.
func (a *app) stored(ctx context.Context, f *folder, cfg client.Config, found *inspection) ([]byte, error) {
	owner, err := ownerOf(ctx, f, cfg, found.Shard)
	if err != nil {
		return nil, err
	}
	found.Owner, found.Source = owner.host(), fromOwner
	if owner.address != "" {
		value, err := service.AskOwner(ctx, owner.address, found.Entity, found.ID)
		if err == nil {
			return value, nil
		}
		a.say("%v", err)
	}
	found.Source = fromChangelog
	return lastOf(ctx, following.Options{
		Client: cfg, Topic: f.TopicContext().Changelog(found.Entity).Name, Partitions: []int32{found.Shard}, UntilEnd: true,
	}, found.ID)
}

// lastOf is the last value of a key in a compacted topic.
func lastOf(ctx context.Context, o following.Options, key string) ([]byte, error) {
	var last []byte
	err := following.Follow(ctx, o, func(r *kgo.Record) error {
		if string(r.Key) == key {
			last = r.Value
		}
		return nil
	})
	return last, err
}

// An owner is the process that has a shard.
type owner struct{ address, connectsFrom string }

func (o owner) host() string {
	if host, _, err := net.SplitHostPort(o.address); err == nil {
		return host
	}
	if o.connectsFrom != "" {
		return o.connectsFrom
	}
	return noOwner
}

func ownerOf(ctx context.Context, f *folder, cfg client.Config, shard int32) (owner, error) {
	cl, err := client.NewAdmin(cfg)
	if err != nil {
		return owner{}, err
	}
	defer cl.Close()
	members, err := admin.New(cl).Members(ctx, f.Name, f.TopicContext().Progress().Name)
	if err != nil {
		var right *client.MissingRight
		if errors.As(err, &right) {
			return owner{}, nil // The changelog may be readable without it.
		}
		return owner{}, err
	}
	for _, m := range members {
		for _, s := range m.Shards {
			if s == shard {
				return owner{address: m.Address, connectsFrom: m.Host}, nil
			}
		}
	}
	return owner{}, nil
}

func (a *app) showInspection(found inspection, asJSON bool) error {
	if asJSON {
		return a.writeJSON(found)
	}
	a.say("source: %s", found.Source)
	parked := ""
	if p := found.Parked; p != nil {
		parked = fmt.Sprintf("parked: %d waiting, since %s, %s\n", p.Waiting, p.Since, p.Reason)
	}
	_, err := fmt.Fprintf(a.out, "%s/%s  sequence %d  shard %d  owner %s\n%s%s\n",
		found.Entity, found.ID, found.Sequence, found.Shard, found.Owner, parked, found.State)
	return err
}

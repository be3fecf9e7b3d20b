package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/verifying"
	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/changelog"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/service"
)

type verifyOptions struct {
	connection connection
	json       bool
}

func (a *app) verifyCommand() *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify DIR ENTITY [ID]",
		Short: "Compares what is stored of entities with what their events lead to",
		Long: "Folds the events of an entity type, from the first on, and compares what they lead to with the states in the changelog, and these\n" +
			"with the stores of the processors that own the shards, where they can be asked. Nothing is changed. It may be in use meanwhile.\n\n" +
			"States that do not fit in memory are kept below the directory for temporary files (TMPDIR) until it ends.\n\n" +
			"Exit code 1: something differs. Each difference is told, with what both sides have.",
		Example: "  processor verify examples/shop cart\n" +
			"  processor verify examples/shop cart c1 --json",
		Args:              cobra.RangeArgs(2, 3),
		ValidArgsFunction: completeInspect,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), args, &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.BoolVar(&o.json, "json", false, "one JSON object a line: the differences, and a summary at the end")
	return cmd
}

func (a *app) verify(ctx context.Context, args []string, o *verifyOptions) error {
	a.logging.level.Set(slog.LevelWarn) // What scripts print for events of long ago is nobody's business.
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	entity, err := f.FindEntity(args[1])
	if err != nil {
		return usageError{err}
	}
	cfg, err := o.connection.configFor(args[0])
	if err != nil {
		return err
	}
	if err := f.learnSchemasSoon(ctx, cfg); err != nil {
		return unreachable(err, cfg)
	}
	dir, err := os.MkdirTemp("", "partita-verify-")
	if err != nil {
		return err
	}
	service.BoundMemory(0)
	options := a.verification(f, entity, cfg, dir, o.json)
	if len(args) == 3 {
		options.ID = args[2]
	}
	shards, err := a.verifyShown(ctx, options)
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return unreachable(err, cfg)
	}
	return a.showVerified(entity.Name, shards, o.json)
}

// sayWaiting is longer than a window of a processor takes.
const sayWaiting = 2 * time.Second

// learnSchemasSoon gives up on brokers that do not answer.
func (f *folder) learnSchemasSoon(ctx context.Context, cfg client.Config) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return f.learnSchemas(ctx, cfg)
}

func (a *app) verification(f *folder, entity *contexts.Entity, cfg client.Config, dir string, asJSON bool) verifying.Options {
	o := verifying.Options{
		Client: cfg, Topics: f.TopicContext(), Entity: entity.Name, Behavior: entity.Behavior, Dir: dir, Ask: service.AskStates,
		Found: a.showDifference, Progress: new(verifying.Progress),
		OwnerOf: func(ctx context.Context, shard int32) (verifying.Process, error) {
			ctx, cancel := context.WithTimeout(ctx, askTimeout)
			defer cancel()
			owner, err := ownerOf(ctx, f, cfg, shard)
			return verifying.Process{Name: owner.host(), Address: owner.address}, err
		},
	}
	var once sync.Once
	o.Waiting = func(at changelog.Standstill) {
		if time.Since(at.Since) > sayWaiting {
			once.Do(func() {
				a.say("waiting for a transaction in %s that is neither committed nor aborted", at.TopicPartition)
			})
		}
	}
	if f.Registry != "" {
		o.Prepare = f.Codec.Prepare
	}
	if asJSON {
		o.Found = func(d verifying.Difference) error { return a.writeJSON(d) }
	}
	return o
}

func (a *app) verifyShown(ctx context.Context, o verifying.Options) ([]verifying.Shard, error) {
	stop := showProgress(a.err, func() string { return "verifying " + o.Entity + ": " + o.Progress.String() })
	defer stop()
	return verifying.Run(ctx, o)
}

var differenceText = map[verifying.Kind]string{
	verifying.OtherState: "another state", verifying.OtherSequence: "the state of another event", verifying.Missing: "missing", verifying.NoEvents: "no events",
	verifying.Unfoldable: "the events lead to no state", verifying.Unreadable: "cannot be read", verifying.OtherBytes: "other answers",
}

func (a *app) showDifference(d verifying.Difference) error {
	message := ""
	if d.Message != "" {
		message = ": " + d.Message
	}
	_, err := fmt.Fprintf(a.out, "%s/%s  shard %d  %s: %s%s\n  events  %s\n  stored  %s\n",
		d.Entity, d.ID, d.Shard, d.Source, differenceText[d.Kind], message, viewText(d.Events), viewText(d.Stored))
	return err
}

func viewText(v *verifying.View) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprintf("sequence %d  %s", v.Sequence, v.State)
}

// A verified is the summary.
type verified struct {
	Summary string `json:"summary"`
	verifying.Total
	Shards []verifying.Shard `json:"shards"`
}

func (a *app) showVerified(entity string, shards []verifying.Shard, asJSON bool) error {
	total := verifying.Sum(shards)
	var err error
	if asJSON {
		err = a.writeJSON(verified{Summary: entity, Total: total, Shards: shards})
	} else {
		err = a.showVerifiedTable(shards, total)
	}
	if err == nil && total.Differ() {
		return errNo
	}
	return err
}

func (a *app) showVerifiedTable(shards []verifying.Shard, total verifying.Total) error {
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(shard any, t verifying.Total, owner string) { // Errors come from Flush.
		tell(table, "%v\t%d\t%d\t%d\t%d\t%d\t%s\n", shard, t.Events, t.Entities, t.Equal, t.Different, t.Missing, owner)
	}
	tell(table, "SHARD\tEVENTS\tENTITIES\tEQUAL\tDIFFERENT\tMISSING\tOWNER\n")
	missed := 0
	for _, s := range shards {
		if s.OwnerMissed != "" {
			missed++
		}
		row(s.Shard, s.Total, ownerText(s))
	}
	owners := differentText(total.Owned)
	if missed > 0 {
		owners = fmt.Sprintf("%d of %d shards not compared", missed, len(shards))
	}
	row("all", total, owners)
	return table.Flush()
}

func ownerText(s verifying.Shard) string {
	switch {
	case s.OwnerMissed != "" && s.Owned > 0:
		return fmt.Sprintf("%d different, not all compared: %s", s.Owned, s.OwnerMissed)
	case s.OwnerMissed != "":
		return "not compared: " + s.OwnerMissed
	}
	return s.Owner + ": " + differentText(s.Owned)
}

func differentText(n int64) string {
	if n == 0 {
		return "equal"
	}
	return fmt.Sprintf("%d different", n)
}

package cli

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/cmd/processor/standing"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/service"
)

type rebuildOptions struct {
	connection connection
	operator   operatorFlags
	noWait     bool
}

func (a *app) rebuildCommand() *cobra.Command {
	var o rebuildOptions
	cmd := &cobra.Command{
		Use:   "rebuild DIR ENTITY",
		Short: "Computes the states of all entities of a type anew from their events",
		Long: "Has the processors fold the events of an entity type, from the first on, and store what they lead to: after a change of evolve_ functions, or to\n" +
			"mend states that `processor verify` found to be different. Shard by shard commands wait meanwhile; nothing else does, and nothing is stopped.\n" +
			"Answers that are remembered and commands that wait stay as they are.\n\n" +
			"A change of behaviour that must not decide on states of the one before needs state_version in context.yaml instead: then a shard takes no command\n" +
			"before its states are of that version.\n\n" +
			"The wish is written to the topic <context>.control, together with who had it and why in <context>.operations. The command ends when all shards are\n" +
			"done; if it is ended before, they go on.\n\n" +
			"Exit code 1: on some shard the states could not be computed; standard error says why.",
		Example:           "  processor rebuild examples/shop cart --why 'totals were wrong'",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeInspect,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.rebuild(cmd.Context(), args, &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	o.operator.addFlags(flags)
	flags.BoolVar(&o.noWait, "no-wait", false, "end when the wish is written")
	return cmd
}

func (a *app) rebuild(ctx context.Context, args []string, o *rebuildOptions) error {
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	if _, err := f.FindEntity(args[1]); err != nil {
		return usageError{err}
	}
	cfg, err := o.connection.configFor(args[0])
	if err != nil {
		return err
	}
	number, err := o.wantRebuild(ctx, f, cfg, args[1])
	if err != nil {
		return unreachable(err, cfg)
	}
	if o.noWait {
		_, err := fmt.Fprintf(a.out, "%s  wanted\n", args[1])
		return err
	}
	return unreachable(a.awaitRebuild(ctx, f, cfg, args[1], number), cfg)
}

func (o *rebuildOptions) wantRebuild(ctx context.Context, f *folder, cfg client.Config, entity string) (int64, error) {
	desk, err := o.operator.open(ctx, f, cfg)
	if err != nil {
		return 0, err
	}
	defer desk.Close()
	// Read behind the opening of the desk: whoever writes from now on fences us.
	now, err := operating.WantedOfEntity(ctx, cfg, f.TopicContext(), entity)
	if err != nil {
		return 0, err
	}
	return desk.WantRebuild(ctx, entity, now)
}

// rebuildPoll is how often processes are asked how far they are.
const rebuildPoll = 500 * time.Millisecond

// awaitRebuild waits until all shards are done, or cannot be.
func (a *app) awaitRebuild(ctx context.Context, f *folder, cfg client.Config, entity string, number int64) error {
	all := int(f.TopicContext().Partitions)
	var done atomic.Int64
	stop := showProgress(a.err, func() string { return fmt.Sprintf("%s: %d of %d shards are done", entity, done.Load(), all) })
	defer stop()
	silent := make(map[string]bool)
	missed := func(err error) {
		if !silent[err.Error()] {
			silent[err.Error()] = true
			a.missed(err)
		}
	}
	for {
		tasks, err := standing.Tasks(ctx, standing.Options{Client: cfg, Topics: f.TopicContext(), Missed: missed})
		if err != nil {
			return err
		}
		ready, stopped := rebuilt(tasks, entity, number)
		done.Store(int64(len(ready)))
		if len(ready)+len(stopped) == all {
			for _, t := range stopped {
				a.say("%s, shard %d: %s", entity, t.Shard, t.Why)
			}
			if _, err := fmt.Fprintf(a.out, "%s  %d of %d shards done\n", entity, len(ready), all); err != nil || len(stopped) == 0 {
				return err
			}
			return errNo
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rebuildPoll):
		}
	}
}

// rebuilt are the tasks of an entity type that have met a wish, and those that have stopped instead.
func rebuilt(tasks []service.Task, entity string, number int64) (ready, stopped []service.Task) {
	for _, t := range tasks {
		switch {
		case t.Component != entity:
		case t.State == partitions.TaskHalted:
			stopped = append(stopped, t)
		case t.State == partitions.TaskRunning && t.Rebuild >= number:
			ready = append(ready, t)
		}
	}
	return ready, stopped
}

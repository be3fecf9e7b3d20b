package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/service"
)

func (a *app) checkCommand() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Checks a folder, and with --brokers what is deployed",
		Long: "Loads everything in a folder and prints all that is wrong with it, each with its place and the mend. With --brokers it also looks at\n" +
			"the topics, and whether today's schemas can read what they hold.\n\n" +
			"Exit code 1: something is wrong.",
		Example:           "  processor check examples/shop",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), args[0], &c) },
	}
	c.addFlags(cmd.Flags())
	return cmd
}

func (a *app) check(ctx context.Context, dir string, c *connection) error {
	f, err := openFolder(dir, contexts.Options{Registry: c.registry, Log: a.logging.logger(a.err), Tests: true})
	var problems contexts.Problems
	if errors.As(err, &problems) {
		_, err := fmt.Fprintln(a.out, problems.Error())
		return cmp.Or(err, errNo)
	}
	if err != nil {
		return err
	}
	f.reached = c.typed()
	if len(c.brokers) > 0 {
		if err := a.checkDeployed(ctx, f, c); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.out, "%s: no problems\n", dir)
	return err
}

// checkDeployed compares the folder with the topics and what they hold.
func (a *app) checkDeployed(ctx context.Context, f *folder, c *connection) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	cl, err := client.NewAdmin(cfg)
	if err != nil {
		return err
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	board, err := service.LoadBoard(ctx, cfg, f.TopicContext())
	if err != nil {
		return unreachable(err, cfg)
	}
	deployed := f.service(ctx)
	diffs, err := service.Differences(ctx, admin.New(cl), deployed, deployed.SpecsOf(board))
	if err != nil {
		return unreachable(err, cfg)
	}
	written, err := admin.LoadSchemas(ctx, cfg, f.TopicContext().Schemas().Name)
	if err != nil {
		return unreachable(err, cfg)
	}
	var problems contexts.Problems
	for _, d := range diffs {
		if d.Blocks() {
			problems = append(problems, contexts.Problem{Message: d.String()})
		} else {
			a.say("%v", d)
		}
	}
	problems = append(problems, f.unreadable(written)...)
	if len(problems) == 0 {
		return nil
	}
	_, err = fmt.Fprintln(a.out, problems.Error())
	return cmp.Or(err, errNo)
}

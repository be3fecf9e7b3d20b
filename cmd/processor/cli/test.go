package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/contexts"
)

func (a *app) testCommand() *cobra.Command {
	var registry string
	cmd := &cobra.Command{
		Use:   "test DIR [FILTER]",
		Short: "Runs the tests of a folder",
		Long: "Runs the given/when/then tests under tests/. FILTER keeps those whose file or name contains it.\n\n" +
			"Exit code 1: a test failed.",
		Example:           "  processor test examples/shop\n  processor test examples/shop cart.yaml",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.test(cmd.Context(), args[0], append(args, "")[1], registry)
		},
	}
	addRegistryFlag(cmd.Flags(), &registry)
	return cmd
}

func (a *app) test(ctx context.Context, dir, filter, registry string) error {
	f, err := a.load(dir, registry)
	if err != nil {
		return err
	}
	results, problems := contexts.RunTests(ctx, f.Context, filter)
	if err := problems.Err(); err != nil {
		a.say("%v", err)
		return errCouldNot
	}
	if len(results) == 0 && filter != "" {
		return wrongUsage("no test of %s has %q in its file or name", dir, filter)
	}
	passed := true
	for _, r := range results {
		passed = passed && r.Passed()
		if _, err := fmt.Fprintln(a.out, r); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(a.out, contexts.Summary(results)); err != nil {
		return err
	}
	if !passed {
		return errNo
	}
	return nil
}

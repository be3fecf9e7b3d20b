package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/partita-io/partita/internal/spelling"
)

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "processor",
		Short: "Runs stateful entities on Kafka, exactly once",
		Long: "Runs stateful, event-sourced entities on nothing but Kafka, exactly once.\n\n" +
			"Every flag is also an environment variable: --brokers is PARTITA_BROKERS, --state-dir is PARTITA_STATE_DIR, and so on;\n" +
			"flag over environment over default.\n\n" +
			"Exit codes: 0 done; 1 the answer is no (a test or check failed, a command was rejected); 2 wrong usage; 3 could not.",
		Version:            versionText(),
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // They leave out help; see unknownCommand.
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := flagsFromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			a.logging.obey(cmd.Flags())
			a.started = true
			return nil
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		a.devCommand(), a.runCommand(), a.checkCommand(), a.testCommand(), a.topicsCommand(),
		a.sendCommand(), a.watchCommand(), a.inspectCommand(), a.verifyCommand(), a.rebuildCommand(), a.deadLettersCommand(), a.parkedCommand(), a.projectionsCommand(),
		a.versionCommand(), a.healthcheckCommand(),
	)
	return root
}

// unknownCommand names the command that was meant, if err comes of one that does not exist.
func unknownCommand(root *cobra.Command, args []string, err error) error {
	if _, _, findErr := root.Find(args); err == nil || findErr == nil {
		return err
	}
	word := args[slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") })]
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("%w%s", err, spelling.DidYouMean(word, names))
}

// flagsFromEnvironment sets the flags that were not given from PARTITA_<FLAG>.
func flagsFromEnvironment(flags *pflag.FlagSet) error {
	var errs []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := environmentName(f.Name)
		value := os.Getenv(name)
		if f.Changed || value == "" || f.Name == "help" {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			errs = append(errs, fmt.Errorf("environment variable %s: %w", name, err))
		}
	})
	return errors.Join(errs...)
}

func environmentName(flag string) string {
	return "PARTITA_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

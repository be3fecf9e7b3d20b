package cli

import (
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/service"
)

// stateRoot is where state lies unless said otherwise, below the working directory.
const stateRoot = ".partita"

type runOptions struct {
	connection   connection
	stateDir     string
	http         string
	advertise    string
	lanes        int
	createTopics bool
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run DIR",
		Short: "Runs a context against brokers",
		Long: "Runs a context against brokers until SIGTERM or ctrl-c: then it finishes what is under way and leaves the group, in less than five\n" +
			"seconds. Start it several times, each with a state directory of its own, and the shards are shared.",
		Example:           "  processor run examples/shop --brokers localhost:9092 --state-dir /var/lib/partita",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runContext(cmd, args[0], &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.StringVar(&o.stateDir, "state-dir", "", "where state is kept (default .partita/<context>)")
	flags.StringVar(&o.http, "http", defaultHTTP, "address of metrics and health, host:port; empty for none")
	flags.StringVar(&o.advertise, "advertise", "", "host:port at which others find --http (default this machine's name)")
	flags.IntVar(&o.lanes, "lanes", 1, "lanes of each side; more pay only on machines with many cores")
	flags.BoolVar(&o.createTopics, "create-topics", false, "create topics that are missing")
	addLogFlags(flags, slog.LevelInfo)
	return cmd
}

func (a *app) runContext(cmd *cobra.Command, dir string, o *runOptions) error {
	if o.lanes < 1 {
		return wrongUsage("--lanes %d: at least 1", o.lanes)
	}
	brokers, err := o.connection.config()
	if err != nil {
		return err
	}
	f, err := a.loadFor(dir, &o.connection)
	if err != nil {
		return err
	}
	logger := a.logging.logger(a.err)
	brokers.Logger = kafkaLogger{logger}
	bar, stopBar := a.showRestore()
	defer stopBar()
	return service.Run(cmd.Context(), service.Options{
		Context: f.service(cmd.Context()), Client: brokers, StateDir: o.stateDirOf(f.Name), HTTP: o.http, Advertise: o.advertise,
		Lanes: o.lanes, CreateTopics: o.createTopics, Logger: logger, Listener: bar,
		Started: func(string) error {
			logger.Info("running", slog.String("context", f.Name), slog.Any("brokers", brokers.Brokers))
			return nil
		},
	})
}

func (o *runOptions) stateDirOf(context string) string {
	if o.stateDir != "" {
		return o.stateDir
	}
	return filepath.Join(stateRoot, context)
}

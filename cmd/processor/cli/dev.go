package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/service"
)

type devOptions struct {
	stateDir string
	port     int
	http     string
	registry string
	// kept says that an earlier run left data.
	kept bool
}

func (o *devOptions) brokerDir() string { return filepath.Join(o.stateDir, "broker") }

// holdsData tells whether an embedded broker ran on dir before.
func holdsData(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}

func (a *app) devCommand() *cobra.Command {
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev DIR",
		Short: "Runs a context on a broker of its own, in this process",
		Long: "Runs a context on an embedded broker that any Kafka client can talk to. Topics are created as needed; data stays in the state\n" +
			"directory. send, watch and inspect find it by the folder.",
		Example:           "  processor dev examples/shop",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.dev(cmd.Context(), args[0], &o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.stateDir, "state-dir", "", "where data is kept (default .partita/<context>)")
	flags.IntVar(&o.port, "port", embedded.DefaultPort, "port of the broker; a free one if it is taken")
	flags.StringVar(&o.http, "http", defaultHTTP, "address of metrics and health; another port if it is taken")
	addRegistryFlag(flags, &o.registry)
	addLogFlags(flags, slog.LevelWarn)
	return cmd
}

func (a *app) dev(ctx context.Context, dir string, o *devOptions) (err error) {
	f, err := a.load(dir, o.registry)
	if err != nil {
		return err
	}
	if o.stateDir == "" {
		o.stateDir = filepath.Join(stateRoot, f.Name)
	}
	logger := a.logging.logger(a.err)
	o.kept = holdsData(o.brokerDir())
	broker, err := embedded.Start(ctx, embedded.Options{Dir: o.brokerDir(), Port: o.port, Logger: logger})
	if err != nil {
		return namingTheOther(dir, err)
	}
	defer func() { err = errors.Join(err, broker.Close()) }()
	withdraw := func() error { return nil }
	defer func() { err = errors.Join(err, withdraw()) }()
	bar, stopBar := a.showRestore()
	defer stopBar()
	return orBeginAnew(o.stateDir, service.Run(ctx, service.Options{
		Context: f.service(ctx), Client: client.Config{Brokers: []string{broker.Addr()}, Logger: kafkaLogger{logger}},
		StateDir: filepath.Join(o.stateDir, "state"), HTTP: o.http, AnyPort: true, CreateTopics: true, Logger: logger, Listener: bar,
		Started: func(address string) error {
			if withdraw, err = embedded.Announce(ctx, embedded.Running{Folder: dir, Broker: broker.Addr(), HTTP: address}); err != nil {
				withdraw = func() error { return nil }
				return err
			}
			return a.banner(f, o, broker.Addr(), address)
		},
	}))
}

// namingTheOther adds which process runs the folder already, if one does.
func namingTheOther(dir string, err error) error {
	other, ok, findErr := embedded.Find(dir)
	if findErr != nil || !ok {
		return err
	}
	return fmt.Errorf("%w (`processor dev` of this folder runs as process %d)", err, other.PID)
}

// orBeginAnew adds the mend that dev alone has.
func orBeginAnew(stateDir string, err error) error {
	var topics *service.TopicsError
	var schemas *service.SchemasError
	if errors.As(err, &topics) || errors.As(err, &schemas) {
		return fmt.Errorf("%w\nor delete %s: the embedded broker begins anew", err, stateDir)
	}
	return err
}

// banner says what runs where, on what data, and what to type next.
func (a *app) banner(f *folder, o *devOptions, broker, metrics string) error {
	state := o.stateDir
	if o.kept {
		state += " (kept)"
	}
	_, err := fmt.Fprintf(a.out, "partita %s  context %s  %d shards  state %s  (ctrl-c stops; data stays)\n"+
		"broker   %-35smetrics  http://%s/metrics\n",
		version, f.Name, f.Partitions, state, local(broker)+" (embedded)", local(metrics))
	for _, line := range f.suggestions() {
		if err == nil {
			_, err = fmt.Fprintln(a.out, line)
		}
	}
	return err
}

// local calls this machine by its name for people.
func local(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() && !ip.IsUnspecified() {
		return address
	}
	return net.JoinHostPort("localhost", port)
}

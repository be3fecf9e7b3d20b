package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/statestore"
	"github.com/partita-io/partita/telemetry"
)

// Options say what runs and where.
type Options struct {
	Context *Context
	Client  client.Config
	// StateDir is created if it does not exist. One process at a time may use it.
	StateDir string
	// HTTP is the address of metrics and health, host:port; empty for none. With AnyPort, a taken port is replaced by a free one.
	HTTP    string
	AnyPort bool
	// Advertise is where other processes find that server; empty: this machine's name and the port.
	Advertise string
	// Lanes of each side; 0 for the default.
	Lanes int
	// CreateTopics creates what is missing. What differs is never changed here.
	CreateTopics bool
	// Logger is told what an operator wants to know.
	Logger *slog.Logger
	// Started is called once, with the address that HTTP is served on, when nothing stands in the way any more. Its error ends the run.
	// May be nil.
	Started func(httpAddress string) error
	// Listener is told what the engine does, beside logs and metrics.
	Listener partitions.Listener
}

type service struct {
	Options
	metrics *telemetry.Metrics
	health  *telemetry.Health
	views   *partitions.Views
	// controls bring what operators want from the control topic to the engine.
	controls *partitions.Controls
	// live are the versions of projections that questions are about.
	live *liveVersions
}

// Run runs the context until ctx ends, and returns nil then. It waits for brokers that are away. It returns an error when only a person can
// help; a [TopicsError] names the topics that stand in the way.
func Run(ctx context.Context, o Options) error {
	name := o.Context.Topics.Name
	s := &service{Options: o, metrics: telemetry.NewMetrics(name, time.Now), health: telemetry.NewHealth(name), views: partitions.NewViews(), live: new(liveVersions)}
	s.controls = partitions.NewControls()
	s.metrics.ObserveStores(s.views.SizeBytes, s.views.OverlayBytes)
	s.metrics.ObserveTables(o.Context.Tables)
	s.metrics.ObserveReplicated(o.Context.Replicated)
	s.Client.Hooks = append(s.Client.Hooks, s.metrics.KafkaHook())
	BoundMemory(tableBytes(o.Context.Tables))
	stores, err := statestore.OpenEnv(o.StateDir, statestore.Options{
		Context: name, Unhealthy: s.unhealthy, Stores: (len(o.Context.Components) + mostVersions*len(o.Context.Projections)) * int(o.Context.Topics.Partitions),
	})
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx, stores), stores.Close())
}

// mostVersions is how many versions a projection has at once.
const mostVersions = 2

func (s *service) projectionNames() []string {
	var names []string
	for i := range s.Context.Projections {
		names = append(names, s.Context.Projections[i].Name)
	}
	return names
}

func (s *service) unhealthy(err error) {
	s.Logger.Error("trouble with the state directory", slog.String("error", err.Error()))
}

func (s *service) run(ctx context.Context, stores *statestore.Env) error {
	address, stop, err := s.serve(ctx)
	if err != nil {
		return err
	}
	defer stop(ctx)
	if ready, err := s.prepare(ctx); err != nil || !ready {
		return err
	}
	if s.Started != nil {
		if err := s.Started(address.listening); err != nil {
			return err
		}
	}
	following, stopFollowing := context.WithCancel(ctx)
	followed := make(chan error, 1)
	controller := s.newController(following)
	go func() { followed <- controller.follow(following, s.Client) }()
	err = partitions.Run(ctx, partitions.Config{
		Context: s.Context.Topics.Name, Shards: s.Context.Topics.Partitions, Components: s.Context.Components, Needs: s.needs(),
		Brought: s.projectionNames(),
		Version: s.Context.Version,
		Client:  s.Client, Stores: stores, Address: address.advertised, Lanes: s.Lanes, Views: s.views, Controls: s.controls,
		Listener: s.listener(),
	})
	stopFollowing()
	return errors.Join(err, <-followed)
}

// needs are the tables, and what is known of replicated values.
func (s *service) needs() []partitions.Need {
	unreadable := telemetry.LogUnreadable(s.Logger, time.Now)
	var needs []partitions.Need
	for _, t := range s.Context.Tables {
		t.WhenUnreadable(unreadable)
		needs = append(needs, t)
	}
	if s.Context.Replicated != nil {
		needs = append(needs, s.Context.Replicated)
	}
	return needs
}

func (s *service) listener() partitions.Listener {
	return telemetry.Merge(
		s.metrics.Listener(), s.health.Listener(), telemetry.Log(s.Context.Topics.Name, s.Logger, time.Now), s.Listener,
	)
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+statePath, stateHandler(s.views, s.componentOf, s.Context.Topics.Partitions))
	mux.HandleFunc("GET "+statesPath, statesHandler(s.views))
	mux.HandleFunc("GET "+tasksPath, tasksHandler(s.controls, s.health))
	mux.HandleFunc("GET "+replicatedPath, replicatedHandler(s.Context.Replicated))
	mux.Handle("/", telemetry.Handler(s.metrics, s.health))
	return mux
}

type addresses struct{ listening, advertised string }

// serve answers about health from the first moment on, so that who asks sees why it is not ready.
func (s *service) serve(ctx context.Context) (addresses, func(context.Context), error) {
	if s.HTTP == "" {
		return addresses{}, func(context.Context) {}, nil
	}
	l, err := listen(ctx, s.HTTP, s.AnyPort)
	if err != nil {
		return addresses{}, nil, err
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "localhost" // A machine without a name talks to itself at least.
	}
	at := addresses{listening: l.Addr().String(), advertised: reachable(l, s.Advertise, hostname)}
	return at, serveHTTP(l, s.handler(), s.Logger), nil
}

// Pauses between attempts to reach the brokers.
const (
	pauseMin = 100 * time.Millisecond
	pauseMax = 5 * time.Second
)

// prepare puts topics and schemas in order, waiting for brokers as long as it takes. It is not ready, without an error, when ctx ended first.
func (s *service) prepare(ctx context.Context) (ready bool, err error) {
	cfg := s.Client
	cfg.Hooks = append(slices.Clone(cfg.Hooks), &unreachable{logger: s.Logger})
	cl, err := client.NewAdmin(cfg)
	if err != nil {
		return false, err
	}
	defer cl.Close()
	asks := admin.New(cl)
	for pause := pauseMin; ; pause = min(2*pause, pauseMax) {
		if err = s.checkTopics(ctx, cfg, asks); err == nil {
			err = s.exchangeSchemas(ctx, asks)
		}
		if err == nil || !waitable(err) {
			return err == nil, err
		}
		if ctx.Err() != nil {
			return false, nil
		}
		s.Logger.Warn("waiting for the brokers", slog.Any("brokers", s.Client.Brokers), slog.String("error", err.Error()), slog.Duration("retry", pause))
		select {
		case <-ctx.Done():
			return false, nil
		case <-time.After(pause):
		}
	}
}

// waitable tells what passes by itself, or by a right that is granted, from what a person must mend first.
func waitable(err error) bool {
	var topicsErr *TopicsError
	var schemasErr *SchemasError
	return !errors.As(err, &topicsErr) && !errors.As(err, &schemasErr)
}

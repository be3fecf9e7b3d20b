package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/cmd/processor/standing"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/service"
)

type projectionsOptions struct {
	connection connection
	operator   operatorFlags
	json       bool
	over       time.Duration
	samples    int
}

const projectionsName = "projections"

const diffAction = "diff"

var projectionsActions = []string{"list", records.Pause, records.Resume, records.Skip, records.Rebuild, diffAction, records.Switch, records.Drop}

func (a *app) projectionsCommand() *cobra.Command {
	var o projectionsOptions
	cmd := &cobra.Command{
		Use:   "projections DIR [ACTION] [NAME ...]",
		Short: "Shows how projections do, pauses and rebuilds them, or lets an event pass",
		Long: "Shows how far each projection is on every shard, and operates them while the processors run.\n\n" +
			"  list [NAME ...]   state, lag, delay, rate and time to level of all, or of those named\n" +
			"  pause NAME ...    they take nothing in until they are resumed, also after a restart; their positions stay\n" +
			"  resume NAME ...   they go on where they stand\n" +
			"  skip NAME ...     those that stopped before an event (on_failure: stop) try it once more; if it fails again it is a dead letter, and they go on\n\n" +
			"  rebuild NAME ...  a new version is built from the beginning of the events, beside the live one, in a topic of its own\n" +
			"  diff NAME         compares the rows of the live version with those of the one beside it; exit code 1 if they differ\n" +
			"  switch NAME ...   the new version is the live one from now on; the old one is kept, and goes on\n" +
			"  drop NAME ...     the version beside the live one is given up, the new one or the old one, and its topics are deleted\n\n" +
			"What is wanted is written to the topic <context>.control, together with who did it and why in <context>.operations, and every process obeys within\n" +
			"a second or so. One operator of a context writes at a time.\n\n" +
			"Exit code 1: with some of them nothing was done; standard error says why.",
		Example: "  processor projections examples/shop\n" +
			"  processor projections examples/shop pause customer-totals --why 'the broker is busy'",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeActions(projectionsActions),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.projections(cmd.Context(), args, &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	o.operator.addFlags(flags)
	flags.BoolVar(&o.json, "json", false, "list and diff: one JSON object a line")
	flags.IntVar(&o.samples, "samples", 10, "diff: how many rows that differ are shown at most")
	flags.DurationVar(&o.over, "over", time.Second, "list: the time that rates are measured over")
	return cmd
}

func (a *app) projections(ctx context.Context, args []string, o *projectionsOptions) error {
	action, names, err := actionOf(args, projectionsActions)
	if err != nil {
		return err
	}
	switch {
	case action != "list" && len(names) == 0:
		return wrongUsage("%s needs the NAME of a projection", action)
	case action == diffAction && len(names) > 1:
		return wrongUsage("diff takes the NAME of one projection")
	case o.samples < 0:
		return wrongUsage("--samples %d: 0 at least", o.samples)
	case o.over <= 0:
		return wrongUsage("--over %s: more than nothing", o.over)
	}
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := f.FindProjection(name); err != nil {
			return usageError{err}
		}
		if action == diffAction || versionAction(action) {
			if _, err := f.table(ctx, name); err != nil {
				return err
			}
		}
	}
	cfg, err := o.connection.configFor(args[0])
	if err != nil {
		return err
	}
	switch action {
	case "list":
		return unreachable(a.listProjections(ctx, f, cfg, names, o), cfg)
	case diffAction:
		return unreachable(a.diffProjection(ctx, f, cfg, names[0], o.samples, o.json), cfg)
	}
	return unreachable(a.operateProjections(ctx, f, cfg, action, names, o), cfg)
}

// versionAction tells whether an action is about the versions of tables.
func versionAction(action string) bool {
	return action == records.Rebuild || action == records.Switch || action == records.Drop
}

// operateProjections does one after another; one with which nothing can be done does not keep the others.
func (a *app) operateProjections(ctx context.Context, f *folder, cfg client.Config, action string, names []string, o *projectionsOptions) error {
	desk, err := o.operator.open(ctx, f, cfg)
	if err != nil {
		return err
	}
	defer desk.Close()
	done := true
	for _, name := range names {
		// Read behind the opening of the desk: whoever writes from now on fences us.
		now, err := operating.Wanted(ctx, cfg, f.TopicContext(), name)
		if err != nil {
			return err
		}
		ok, err := a.operateProjection(ctx, f, cfg, desk, action, name, now)
		if err != nil {
			return err
		}
		done = done && ok
	}
	if !done {
		return errNo
	}
	return nil
}

func (a *app) operateProjection(
	ctx context.Context, f *folder, cfg client.Config, desk *operating.Desk, action, name string, now control.Projection,
) (bool, error) {
	if versionAction(action) {
		table, err := f.table(ctx, name)
		if err != nil {
			return false, err
		}
		v := versioning{app: a, folder: f, config: cfg, desk: desk, table: table, now: now}
		return v.do(ctx, action)
	}
	next, places := now, []string(nil)
	switch action {
	case records.Pause, records.Resume:
		next.Paused = action == records.Pause
		if next.Paused == now.Paused {
			a.say("%s %s", name, alreadyText(now))
			return false, nil
		}
	case records.Skip:
		stopped, err := a.stoppedBefore(ctx, f, cfg, name)
		if err != nil {
			return false, err
		}
		for _, at := range stopped {
			next = next.Skipping(at.TopicPartition, at.Offset)
			places = append(places, at.String())
		}
		if len(places) == 0 {
			a.say("%s has stopped before no event: `processor projections %s list %s` tells how it does", name, f.dir, name)
			return false, nil
		}
	}
	if err := desk.Want(ctx, action, name, now, next, places...); err != nil {
		return false, err
	}
	did := map[string]string{records.Pause: "paused", records.Resume: "resumed", records.Skip: "skipped"}[action]
	for _, place := range places {
		did += "  " + place
	}
	_, err := fmt.Fprintf(a.out, "%s  %s\n", name, did)
	return true, err
}

func alreadyText(now control.Projection) string {
	if now.Paused {
		return "is paused already, " + now.Said()
	}
	if now.Number == 0 {
		return "is not paused"
	}
	return "is not paused: the last word was written " + now.Said()
}

// stoppedBefore are the events that the tasks of a projection stopped before.
func (a *app) stoppedBefore(ctx context.Context, f *folder, cfg client.Config, name string) ([]records.Place, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	tasks, err := standing.Tasks(ctx, standing.Options{Client: cfg, Topics: f.TopicContext(), Missed: a.missed})
	if err != nil {
		return nil, err
	}
	places := make(map[string]records.Place)
	for _, t := range tasks {
		if projection, _ := control.VersionOf(t.Component); projection != name || t.Before == "" {
			continue
		}
		at, err := records.ParsePlace(t.Before)
		if err != nil {
			return nil, fmt.Errorf("%s, shard %d: %w", name, t.Shard, err)
		}
		places[t.Before] = at
	}
	var list []records.Place
	for _, at := range slices.Sorted(maps.Keys(places)) {
		list = append(list, places[at])
	}
	return list, nil
}

func (a *app) missed(err error) { a.say("%v", err) }

func (a *app) listProjections(ctx context.Context, f *folder, cfg client.Config, names []string, o *projectionsOptions) error {
	if len(names) == 0 {
		names = f.projectionNames()
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout+o.over)
	defer cancel()
	board, err := service.LoadBoard(ctx, cfg, f.TopicContext())
	if err != nil {
		return err
	}
	versions := make(map[string]listed)
	var components []string
	for _, name := range names {
		for _, l := range f.listed(board, name) {
			versions[l.component] = l
			components = append(components, l.component)
		}
	}
	list, err := standing.Measure(ctx, standing.Options{Client: cfg, Topics: f.TopicContext(), Projections: components, Over: o.over, Missed: a.missed})
	if err != nil {
		return err
	}
	if !o.json {
		return a.writeStandings(f, list, versions)
	}
	for i := range list {
		if err := a.writeJSON(standingLineOf(&list[i], versions[list[i].Projection])); err != nil {
			return err
		}
	}
	return nil
}

// A standingLine is a standing as JSON. What is not known is null.
type standingLine struct {
	Projection    string              `json:"projection"`
	Shard         int32               `json:"shard"`
	State         string              `json:"state"`
	Why           string              `json:"why,omitempty"`
	Before        string              `json:"before,omitempty"`
	Lag           *int64              `json:"lag"`
	DelaySeconds  *float64            `json:"delay_seconds"`
	RatePerSecond float64             `json:"rate_per_second"`
	LevelSeconds  *float64            `json:"level_in_seconds"`
	Inputs        []service.TaskInput `json:"inputs"`
	Version       int                 `json:"version"`
	Role          control.Role        `json:"role"`
	Topic         string              `json:"topic"`
	// Mixed: not all rows are what it computes now.
	Mixed bool `json:"mixed,omitempty"`
}

func standingLineOf(s *standing.Standing, of listed) standingLine {
	l := standingLine{
		Projection: of.projection, Version: of.version.Number, Role: of.version.Role, Topic: of.topic, Mixed: of.mixed, Shard: s.Shard, State: s.State, Why: s.Why, Before: s.Before, RatePerSecond: s.Rate, Inputs: s.Inputs,
		DelaySeconds: seconds(s.Delay), LevelSeconds: seconds(s.Level),
	}
	if s.Lag >= 0 {
		l.Lag = &s.Lag
	}
	if l.Inputs == nil {
		l.Inputs = []service.TaskInput{}
	}
	return l
}

func seconds(d time.Duration) *float64 {
	if d < 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

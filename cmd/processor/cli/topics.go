package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/service"
)

// askTimeout is how long brokers may take over a question; a cluster that is up answers in milliseconds.
const askTimeout = 15 * time.Second

type topicsOptions struct {
	connection  connection
	apply, json bool
	start       []string
	create      []string
}

func (a *app) topicsCommand() *cobra.Command {
	var o topicsOptions
	cmd := &cobra.Command{
		Use:   "topics DIR",
		Short: "Shows the topics of a context and what is wrong with them; creates them",
		Long: "Shows which topics a context needs, which exist, and what differs. --apply creates what is missing and mends what can be mended\n" +
			"without losing anything. --create creates a topic of others, where nobody else will. --start says where a component goes on reading, while no processor runs.\n\n" +
			"Exit code 1: the context cannot start on its topics as they are.",
		Example: "  processor topics examples/shop --brokers localhost:9092 --apply\n" +
			"  processor topics examples/shop --start customer-totals=shop.cart.events:earliest",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.topics(cmd.Context(), args[0], &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.BoolVar(&o.apply, "apply", false, "create what is missing and mend what can be mended safely")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	flags.StringArrayVar(&o.create, "create", nil, "TOPIC=PARTITIONS: create a topic of others that the context needs; may be repeated")
	flags.StringArrayVar(&o.start, "start", nil, "COMPONENT=TOPIC[/PARTITION]:earliest|latest|OFFSET: where the component goes on; may be repeated")
	return cmd
}

func (a *app) topics(ctx context.Context, dir string, o *topicsOptions) error {
	starts, err := parseStarts(o.start)
	if err != nil {
		return err
	}
	others, err := parseOthers(o.create)
	if err != nil {
		return err
	}
	f, err := a.loadFor(dir, &o.connection)
	if err != nil {
		return err
	}
	cfg, err := o.connection.configFor(dir)
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
	asks := admin.New(cl)
	board, err := service.LoadBoard(ctx, cfg, f.TopicContext())
	if err != nil {
		return unreachable(err, cfg)
	}
	if len(starts) > 0 {
		return a.startComponents(ctx, cfg, asks, f.service(ctx), board, starts)
	}
	specs := f.service(ctx).SpecsOf(board)
	diffs, err := service.Differences(ctx, asks, f.service(ctx), specs)
	if err == nil && len(others) > 0 {
		if err := a.createOthers(ctx, asks, specs, diffs, others); err != nil {
			return err
		}
		diffs, err = service.Differences(ctx, asks, f.service(ctx), specs)
	}
	if err == nil && o.apply {
		diffs, err = a.applyTopics(ctx, asks, f.service(ctx), specs, diffs)
	}
	if err != nil {
		return unreachable(err, cfg)
	}
	if err := a.showTopics(specs, diffs, o.json); err != nil {
		return err
	}
	return blocked(diffs)
}

func (a *app) applyTopics(
	ctx context.Context, asks *admin.Admin, c *service.Context, specs []topics.Spec, diffs []topics.Difference,
) ([]topics.Difference, error) {
	done := func(d topics.Difference) {
		what := "changed"
		if d.Create {
			what = "created"
		}
		a.say("%s %s", what, d.Spec.Name)
	}
	if err := asks.Apply(ctx, diffs, done); err != nil {
		return nil, err
	}
	return service.Differences(ctx, asks, c, specs)
}

func blocked(diffs []topics.Difference) error {
	for _, d := range diffs {
		if d.Blocks() {
			return errNo
		}
	}
	return nil
}

// A topicState is what is shown of one topic.
type topicState struct {
	Topic      string   `json:"topic"`
	Partitions int32    `json:"partitions,omitempty"`
	Policy     string   `json:"policy,omitempty"`
	State      string   `json:"state"`
	Purpose    string   `json:"purpose"`
	Problems   []string `json:"problems,omitempty"`
}

func topicStates(specs []topics.Spec, diffs []topics.Difference) []topicState {
	states := make([]topicState, len(specs))
	for i, spec := range specs {
		s := topicState{Topic: spec.Name, Partitions: spec.Partitions, Policy: spec.Config[topics.CleanupPolicy], State: "ok", Purpose: spec.Purpose}
		for _, d := range diffs {
			if d.Spec.Name == spec.Name {
				s.State = stateAfter(s.State, d)
				s.Problems = append(s.Problems, d.String())
			}
		}
		states[i] = s
	}
	return states
}

// stateAfter is the worst of what was seen.
func stateAfter(state string, d topics.Difference) string {
	switch {
	case d.Create, d.Spec.External:
		return "missing"
	case d.Blocks():
		return "differs"
	case state == "ok":
		return "advice"
	}
	return state
}

func (a *app) showTopics(specs []topics.Spec, diffs []topics.Difference, asJSON bool) error {
	states := topicStates(specs, diffs)
	if asJSON {
		for _, s := range states {
			if err := a.writeJSON(s); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	tell(table, "TOPIC\tPARTITIONS\tPOLICY\tSTATE\tPURPOSE\n") // Errors come from Flush.
	for _, s := range states {
		tell(table, "%s\t%s\t%s\t%s\t%s\n", s.Topic, dash(int(s.Partitions)), s.Policy, s.State, s.Purpose)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range diffs {
		a.say("%v", d)
	}
	return nil
}

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

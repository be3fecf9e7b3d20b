package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

type parkedOptions struct {
	connection connection
	operator   operatorFlags
	only, json bool
	timeout    time.Duration
}

var parkedActions = []string{"list", "show", "release", "skip"}

func (a *app) parkedCommand() *cobra.Command {
	var o parkedOptions
	cmd := &cobra.Command{
		Use:   "parked DIR [list|show|release|skip] [ENTITY ID]",
		Short: "Lists parked entities, releases them, or skips a command",
		Long: "Lists entities whose commands wait because one failed (on_failure: park).\n\n" +
			"  list               all of them\n" +
			"  show ENTITY ID     the commands that wait, decoded\n" +
			"  release ENTITY ID  decides them, in order, until one fails again\n" +
			"  skip ENTITY ID     makes the first a dead letter and releases the rest; --only: leaves the rest waiting\n\n" +
			"Release and skip write to the topic <context>.operations who did it and why, in the same transaction.\n\n" +
			"Exit code 1: the entity is not parked, somebody else was faster, or commands wait still.",
		Example: "  processor parked examples/shop\n" +
			"  processor parked examples/shop release cart c1 --why 'cart.star is mended'",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeActions(parkedActions),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.parked(cmd.Context(), args, &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	o.operator.addFlags(flags)
	flags.BoolVar(&o.only, "only", false, "skip: leave the commands behind the first waiting")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for the answer")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) parked(ctx context.Context, args []string, o *parkedOptions) error {
	action, who, err := actionOf(args, parkedActions)
	if err != nil {
		return err
	}
	switch {
	case action == "list" && len(who) > 0:
		return wrongUsage("list takes no more: show ENTITY ID shows one")
	case action != "list" && len(who) != 2:
		return wrongUsage("%s needs ENTITY ID", action)
	case o.timeout <= 0:
		return wrongUsage("--timeout %s: more than nothing", o.timeout)
	}
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	if action != "list" {
		if _, err := f.FindEntity(who[0]); err != nil {
			return usageError{err}
		}
	}
	cfg, err := o.connection.configFor(args[0])
	if err != nil {
		return err
	}
	switch action {
	case "list":
		return unreachable(a.listParked(ctx, f, cfg, o), cfg)
	case "show":
		return unreachable(a.showParked(ctx, f, cfg, who[0], who[1], o), cfg)
	}
	return unreachable(a.operate(ctx, f, cfg, action, who[0], who[1], o), cfg)
}

func (a *app) listParked(ctx context.Context, f *folder, cfg client.Config, o *parkedOptions) error {
	all, err := operating.AllParked(ctx, cfg, f.TopicContext())
	if err != nil {
		return err
	}
	for _, p := range all {
		why := p.First.Why
		if o.json {
			err = a.writeJSON(struct {
				Entity  string `json:"entity"`
				ID      string `json:"id"`
				Waiting int    `json:"waiting"`
				Since   string `json:"since"`
				Reason  string `json:"reason"`
				Message string `json:"message"`
				Number  int64  `json:"number"`
			}{p.Entity, p.ID, p.Commands, moment(why.At), why.Reason, why.Message, p.First.Number})
		} else {
			_, err = fmt.Fprintf(a.out, "%s/%s  %d waiting  since %s  %s\n", p.Entity, p.ID, p.Commands, moment(why.At), reasonText(why))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func reasonText(w operating.Why) string {
	if w.Message == "" {
		return w.Reason
	}
	return w.Reason + ": " + w.Message
}

func (a *app) showParked(ctx context.Context, f *folder, cfg client.Config, entity, id string, o *parkedOptions) error {
	if err := f.learnSchemas(ctx, cfg); err != nil {
		return err
	}
	waiting, err := operating.WaitingOf(ctx, cfg, f.TopicContext(), entity, id)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return a.notParked(entity, id)
	}
	for _, w := range waiting {
		w.Record.Headers = w.Headers
		value := f.commandOf(ctx, entity, w.Record)
		if o.json {
			err = a.writeJSON(struct {
				Number  int64           `json:"number"`
				Since   string          `json:"since"`
				Source  string          `json:"source"`
				Reason  string          `json:"reason"`
				Message string          `json:"message,omitempty"`
				Type    string          `json:"type"`
				Headers []headerLine    `json:"headers"`
				Value   json.RawMessage `json:"value"`
			}{w.Number, moment(w.Why.At), w.Why.Source, w.Why.Reason, w.Why.Message, header(w.Record, records.Type), headerLines(w.Headers), value})
		} else if _, err = fmt.Fprintf(a.out, "%d  since %s  from %s  %s\n", w.Number, moment(w.Why.At), w.Why.Source, reasonText(w.Why)); err == nil {
			err = a.showCommand(w.Headers, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) notParked(entity, id string) error {
	a.say("%s/%s is not parked: nothing waits", entity, id)
	return errNo
}

// operate releases or skips what is the first that waits now; if it is another when its owner comes to it, nothing is done.
func (a *app) operate(ctx context.Context, f *folder, cfg client.Config, action, entity, id string, o *parkedOptions) error {
	desk, err := o.operator.open(ctx, f, cfg)
	if err != nil {
		return err
	}
	defer desk.Close()
	waiting, err := operating.WaitingOf(ctx, cfg, f.TopicContext(), entity, id)
	if err != nil {
		return err
	}
	if len(waiting) == 0 {
		return a.notParked(entity, id)
	}
	options := asking.Options{Context: f.TopicContext(), Client: cfg, Timeout: o.timeout}
	r, err := desk.Operate(ctx, options, action, entity, id, waiting[0].Number, o.only)
	if err != nil {
		return err
	}
	return a.showOperated(action, asking.Command{Entity: entity, ID: id}, r, o)
}

func (a *app) showOperated(action string, c asking.Command, r asking.Result, o *parkedOptions) error {
	var released records.Released
	if r.Answer.Status == asking.Accepted {
		if err := json.Unmarshal(r.Answer.Reply, &released); err != nil {
			return fmt.Errorf("the answer is not understood: %w: %.100q", err, r.Answer.JSON)
		}
	}
	var err error
	switch {
	case o.json:
		err = writeAnswer(a.out, c, r.Answer)
	case r.Answer.Status != asking.Accepted:
		_, err = fmt.Fprintln(a.out, answerLine(c, r))
	default:
		did := map[string]string{records.Release: "released", records.Skip: "skipped"}[action]
		line := fmt.Sprintf("%s  %s/%s  sequence %d  %d done  %d waiting", did, c.Entity, c.ID, r.Answer.Sequence, released.Decided, released.Waiting)
		if released.Waiting > 0 {
			line += "  " + reasonText(operating.Why{Reason: released.Reason, Message: released.Message})
		}
		_, err = fmt.Fprintln(a.out, line)
	}
	if err == nil && (r.Answer.Status != asking.Accepted || released.Waiting > 0 && !o.only) {
		return errNo
	}
	return err
}

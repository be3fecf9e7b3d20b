package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

type deadLettersOptions struct {
	connection connection
	operator   operatorFlags
	all, json  bool
	component  string
}

var deadLettersActions = []string{"list", "show", "redrive", "drop"}

func (a *app) deadLettersCommand() *cobra.Command {
	var o deadLettersOptions
	cmd := &cobra.Command{
		Use:   "dead-letters DIR [list|show|redrive|drop] [PLACE ...]",
		Short: "Lists dead letters, sends their commands again, or drops them",
		Long: "Lists what could not be processed and waits for somebody to look at it. A PLACE is partition/offset, as list shows it.\n\n" +
			"  list           those that nothing was done about; --all: the others, too\n" +
			"  show PLACE     one of them, decoded\n" +
			"  redrive PLACE  sends the command again, under its id; --all instead of places: every command in the list\n" +
			"  drop PLACE     nothing more is to be done about it\n\n" +
			"Redrive and drop write to the topic <context>.operations who did it and why, in the same transaction.\n\n" +
			"Exit code 1: with some of them nothing was done; standard error says why.",
		Example: "  processor dead-letters examples/shop\n" +
			"  processor dead-letters examples/shop redrive 11/4 --why 'cart.star is mended'",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeActions(deadLettersActions),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.deadLetters(cmd.Context(), args, &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	o.operator.addFlags(flags)
	flags.BoolVar(&o.all, "all", false, "list: also those that were redriven or dropped; redrive: every command in the list")
	flags.StringVar(&o.component, "component", "", "only those of this entity or projection")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) deadLetters(ctx context.Context, args []string, o *deadLettersOptions) error {
	action, places, err := actionOf(args, deadLettersActions)
	if err != nil {
		return err
	}
	switch {
	case action == "list" && len(places) > 0:
		return wrongUsage("list takes no place: show PLACE shows one")
	case action == "show" && len(places) != 1, action == "drop" && len(places) == 0, action == "redrive" && (len(places) > 0) == o.all:
		return wrongUsage("%s needs a place as list shows it, partition/offset%s", action, map[string]string{"redrive": ", or --all"}[action])
	case action == "drop" && o.all:
		return wrongUsage("drop takes no --all: name what is to be dropped")
	}
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	if _, err := f.Find(o.component); err != nil && o.component != "" {
		return usageError{err}
	}
	cfg, err := o.connection.configFor(args[0])
	if err != nil {
		return err
	}
	switch action {
	case "list":
		return unreachable(a.listLetters(ctx, f, cfg, o), cfg)
	case "show":
		return unreachable(a.showLetter(ctx, f, cfg, places[0], o), cfg)
	}
	return unreachable(a.doLetters(ctx, f, cfg, action, places, o), cfg)
}

// A letterLine is a dead letter in a list.
type letterLine struct {
	Place     string        `json:"place"`
	Time      string        `json:"time"`
	Component string        `json:"component"`
	Key       string        `json:"key"`
	Reason    string        `json:"reason"`
	Message   string        `json:"message"`
	Source    string        `json:"source"`
	Done      *records.Done `json:"done,omitempty"`
}

func lineOf(l operating.Letter) letterLine {
	return letterLine{
		Place: l.Place(), Time: moment(l.Why.At), Component: l.Why.Component, Key: string(l.Record.Key), Reason: l.Why.Reason, Message: l.Why.Message,
		Source: l.Why.Source, Done: l.Done,
	}
}

func (a *app) listLetters(ctx context.Context, f *folder, cfg client.Config, o *deadLettersOptions) error {
	return operating.Letters(ctx, cfg, f.TopicContext(), func(l operating.Letter) error {
		if l.Done != nil && !o.all || o.component != "" && o.component != l.Why.Component {
			return nil
		}
		line := lineOf(l)
		if o.json {
			return a.writeJSON(line)
		}
		_, err := fmt.Fprintf(a.out, "%s  %s  %s/%s  %s: %s%s\n", line.Place, line.Time, line.Component, line.Key, line.Reason, line.Message, doneText(l.Done))
		return err
	})
}

func doneText(d *records.Done) string {
	if d == nil {
		return ""
	}
	text := "  (" + d.Operation + " by " + d.By
	if d.Why != "" {
		text += ": " + d.Why
	}
	return text + ")"
}

func (a *app) showLetter(ctx context.Context, f *folder, cfg client.Config, place string, o *deadLettersOptions) error {
	if err := f.learnSchemas(ctx, cfg); err != nil {
		return err
	}
	found := false
	err := operating.Letters(ctx, cfg, f.TopicContext(), func(l operating.Letter) error {
		if l.Place() != place {
			return nil
		}
		found = true
		l.Record.Headers = l.Headers
		value := f.commandOf(ctx, l.Why.Component, l.Record)
		if o.json {
			return a.writeJSON(struct {
				letterLine
				Type    string          `json:"type"`
				Headers []headerLine    `json:"headers"`
				Value   json.RawMessage `json:"value"`
			}{lineOf(l), header(l.Record, records.Type), headerLines(l.Headers), value})
		}
		_, err := fmt.Fprintf(a.out, "%s  %s  %s/%s%s\n%s: %s\nfrom %s, when %s was at sequence %s, by version %s\n", place, moment(l.Why.At),
			l.Why.Component, l.Record.Key, doneText(l.Done), l.Why.Reason, l.Why.Message, l.Why.Source, l.Record.Key, l.Why.Sequence, l.Why.Version)
		if err != nil {
			return err
		}
		return a.showCommand(l.Headers, value)
	})
	if err == nil && !found {
		a.say("there is no dead letter %s", place)
		return errNo
	}
	return err
}

// doLetters redrives or drops: those of places, or all that nothing was done about.
func (a *app) doLetters(ctx context.Context, f *folder, cfg client.Config, action string, places []string, o *deadLettersOptions) error {
	desk, err := o.operator.open(ctx, f, cfg)
	if err != nil {
		return err
	}
	defer desk.Close()
	batch := desk.Batch(func(l operating.Letter) error { return a.wroteLetter(action, l, o.json) })
	do := batch.Redrive
	if action == "drop" {
		do = batch.Drop
	}
	missing, refused := slices.Clone(places), 0
	err = operating.Letters(ctx, cfg, f.TopicContext(), func(l operating.Letter) error {
		if o.component != "" && o.component != l.Why.Component || o.all && l.Done != nil {
			return nil
		}
		if !o.all {
			i := slices.Index(missing, l.Place())
			if i < 0 {
				return nil
			}
			missing = slices.Delete(missing, i, i+1)
		}
		err := do(ctx, l)
		if not, ok := errors.AsType[*operating.NotDoneError](err); ok {
			refused++
			a.say("%v", not)
			return nil
		}
		return err
	})
	if err := errors.Join(err, batch.Commit(ctx)); err != nil {
		return err
	}
	for _, place := range missing {
		a.say("there is no dead letter %s", place)
	}
	if refused > 0 || len(missing) > 0 {
		return errNo
	}
	return nil
}

func (a *app) wroteLetter(action string, l operating.Letter, asJSON bool) error {
	if asJSON {
		return a.writeJSON(struct {
			Operation string `json:"operation"`
			Place     string `json:"place"`
			Component string `json:"component"`
			Key       string `json:"key"`
		}{action, l.Place(), l.Why.Component, string(l.Record.Key)})
	}
	did := map[string]string{records.Redrive: "redriven", records.Drop: "dropped"}[action]
	_, err := fmt.Fprintf(a.out, "%s  %s  %s/%s\n", did, l.Place(), l.Why.Component, l.Record.Key)
	return err
}

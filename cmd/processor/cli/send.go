package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/client"
)

type sendOptions struct {
	connection       connection
	noWait, json     bool
	timeout          time.Duration
	id               string
	expectedSequence int64
	expects          bool
}

func (a *app) sendCommand() *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "send DIR ENTITY ID COMMAND [FIELD=VALUE ...]\n  processor send DIR ENTITY -",
		Short: "Sends commands and waits for the answers",
		Long: "Sends one command and waits for its answer. A value is read as its field's type asks; lists, maps and records are written as JSON.\n\n" +
			"With - commands are read from standard input, one JSON object a line, with the entity's \"id\", the command's \"type\", its fields, and\n" +
			"\"command_id\" if it has one.\n\n" +
			"Exit code 1: a command was rejected or failed.",
		Example: "  processor send examples/shop cart c1 AddItem sku=apple quantity=2 price_cents=30 customer_id=alice\n" +
			"  echo '{\"id\":\"c1\",\"type\":\"CheckOut\"}' | processor send examples/shop cart -",
		Args:              sendArgs,
		ValidArgsFunction: completeSend,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.expects = cmd.Flags().Changed("expect-sequence")
			return a.send(cmd.Context(), args, &o)
		},
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.BoolVar(&o.noWait, "no-wait", false, "be done when the brokers have the command")
	flags.BoolVar(&o.json, "json", false, "answers as JSON, one object a line")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long one command may take")
	flags.StringVar(&o.id, "id", "", "command id: sent again under the same id, a command is answered as before and not carried out twice")
	flags.Int64Var(&o.expectedSequence, "expect-sequence", 0, "refuse the command unless the entity stands at this sequence")
	return cmd
}

func sendArgs(_ *cobra.Command, args []string) error {
	if len(args) == 3 && args[2] == "-" || len(args) >= 4 {
		return nil
	}
	return errors.New("want DIR ENTITY ID COMMAND [FIELD=VALUE ...], or DIR ENTITY - with commands on standard input")
}

func (a *app) send(ctx context.Context, args []string, o *sendOptions) error {
	if o.timeout <= 0 {
		return wrongUsage("--timeout %s: more than nothing", o.timeout)
	}
	if o.expects && o.expectedSequence < 0 {
		return wrongUsage("--expect-sequence %d: 0 (no events yet) or more", o.expectedSequence)
	}
	f, err := a.load(args[0], o.connection.registry)
	if err != nil {
		return err
	}
	entity, err := f.FindEntity(args[1])
	if err != nil {
		return usageError{err}
	}
	if args[2] == "-" && len(args) == 3 {
		return a.sendStream(ctx, f, entity, o)
	}
	return a.sendOne(ctx, f, entity, args[2], args[3], args[4:], o)
}

func (a *app) sendOne(ctx context.Context, f *folder, entity *contexts.Entity, id, command string, fields []string, o *sendOptions) error {
	m, err := entity.FindCommand(command)
	if err != nil {
		return usageError{err}
	}
	value, err := contexts.PayloadJSON(m, fields)
	if err != nil {
		return usageError{err}
	}
	c := asking.Command{Entity: entity.Name, ID: id, Type: m.Name, Fields: value, CommandID: o.id}
	if o.expects {
		c.ExpectedSequence = &o.expectedSequence
	}
	asker, cfg, err := o.open(ctx, f)
	if err != nil {
		return err
	}
	defer asker.Close()
	ended := make(chan asking.Result, 1)
	if err := asker.Ask(ctx, c, func(r asking.Result) { ended <- r }); err != nil {
		return err
	}
	select {
	case r := <-ended:
		if r.Err != nil {
			return unreachable(r.Err, cfg)
		}
		return a.showResult(c, r, o)
	case <-ctx.Done():
		return errors.New("interrupted; the command may be carried out yet")
	}
}

func (o *sendOptions) open(ctx context.Context, f *folder) (*asking.Asker, client.Config, error) {
	cfg, err := o.connection.configFor(f.dir)
	if err != nil {
		return nil, cfg, err
	}
	asker, err := asking.Open(ctx, asking.Options{Context: f.TopicContext(), Client: cfg, NoWait: o.noWait, Timeout: o.timeout})
	return asker, cfg, unreachable(err, cfg)
}

// showResult prints an answer; one that is no acceptance is a no.
func (a *app) showResult(c asking.Command, r asking.Result, o *sendOptions) error {
	var err error
	switch {
	case o.json:
		err = writeAnswer(a.out, c, r.Answer)
	case o.noWait:
		_, err = fmt.Fprintf(a.out, "sent  %s/%s  %s\n", c.Entity, c.ID, milliseconds(r.Took))
	default:
		_, err = fmt.Fprintln(a.out, answerLine(c, r))
	}
	if err == nil && !o.noWait && r.Answer.Status != asking.Accepted {
		return errNo
	}
	return err
}

func answerLine(c asking.Command, r asking.Result) string {
	line := fmt.Sprintf("%s  %s/%s  ", r.Answer.Status, c.Entity, c.ID)
	if r.Answer.Status == asking.Accepted {
		line += fmt.Sprintf("sequence %d  %s", r.Answer.Sequence, milliseconds(r.Took))
	} else {
		line += r.Answer.Code + ": " + r.Answer.Message
	}
	if r.Answer.Repeated {
		line += "  (repeated)"
	}
	if len(r.Answer.Reply) > 0 {
		line += "\n" + string(r.Answer.Reply)
	}
	return line
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

// writeAnswer writes the answer as it came, with whom it is from.
func writeAnswer(w io.Writer, c asking.Command, answer asking.Answer) error {
	from, err := json.Marshal(struct {
		Entity string `json:"entity"`
		ID     string `json:"id"`
	}{c.Entity, c.ID})
	if err != nil {
		return err
	}
	if len(answer.JSON) > 2 { // More than {}.
		from = append(append(from[:len(from)-1], ','), answer.JSON[1:]...)
	}
	_, err = fmt.Fprintf(w, "%s\n", from)
	return err
}

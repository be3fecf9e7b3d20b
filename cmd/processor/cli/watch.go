package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/cmd/processor/operating"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/records"
)

type watchOptions struct {
	connection          connection
	new, untilEnd, json bool
}

func (a *app) watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   "watch DIR NAME",
		Short: "Follows the events of an entity, the rows or messages of a projection, or a replicated value",
		Long: "Follows the events of an entity type, the rows or messages of a projection, or a replicated value, decoded; also `dead-letters`,\n" +
			"`parked`, `operations`, `replies`, and `replicated` for all replicated values. From the start, until ctrl-c.",
		Example:           "  processor watch examples/shop customer-totals",
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeWatch,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.watch(cmd.Context(), args[0], args[1], &o) },
	}
	flags := cmd.Flags()
	o.connection.addFlags(flags)
	flags.BoolVar(&o.new, "new", false, "begin with what is written from now on")
	flags.BoolVar(&o.untilEnd, "until-end", false, "stop at the end of what is committed now")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) watch(ctx context.Context, dir, name string, o *watchOptions) error {
	f, err := a.load(dir, o.connection.registry)
	if err != nil {
		return err
	}
	w, err := f.watched(ctx, name)
	if err != nil {
		return err
	}
	cfg, err := o.connection.configFor(dir)
	if err != nil {
		return err
	}
	if err := f.learnSchemas(ctx, cfg); err != nil {
		return unreachable(err, cfg)
	}
	if w.table != "" {
		now, err := operating.Wanted(ctx, cfg, f.TopicContext(), w.table)
		if err != nil {
			return unreachable(err, cfg)
		}
		w.topic = f.TopicContext().Rows(control.Component(w.table, now.LiveVersion())).Name
	}
	show := a.showRecord
	if o.json {
		show = a.showRecordJSON
	}
	options := following.Options{Client: cfg, Topic: w.topic, New: o.new, UntilEnd: o.untilEnd}
	if w.before != nil {
		options.Before = func(r *kgo.Record) error {
			w.before(r)
			return nil
		}
	}
	err = following.Follow(ctx, options, func(r *kgo.Record) error {
		if w.shows != nil && !w.shows(r) {
			return nil
		}
		return show(r, w)
	})
	if errors.Is(err, context.Canceled) { // Whoever follows for ever ends it so.
		err = nil
	}
	return unreachable(err, cfg)
}

// A watched topic knows how to show its values.
type watched struct {
	topic string
	// table is the projection whose rows are watched: those of its live version.
	table string
	// columns are what stands between key and value.
	columns func(*kgo.Record) []string
	// value is JSON, or JSON text of what cannot be decoded.
	value func(*kgo.Record) json.RawMessage
	// shows tells whether a record is shown; nil: all are. before gets those that are not new, where only new ones are shown; nil: they do not matter.
	shows  func(*kgo.Record) bool
	before func(*kgo.Record)
	// typ is what a value is, where no header says it; nil: nothing says it.
	typ func(*kgo.Record) string
}

func (a *app) showRecord(r *kgo.Record, w watched) error {
	line := string(r.Key)
	for _, column := range w.columns(r) {
		line += "  " + column
	}
	value := "(deleted)"
	if r.Value != nil {
		value = string(w.value(r))
	}
	_, err := fmt.Fprintln(a.out, line+"  "+value)
	return err
}

func (a *app) showRecordJSON(r *kgo.Record, w watched) error {
	line := struct {
		Key       string          `json:"key"`
		Value     json.RawMessage `json:"value"`
		Type      string          `json:"type"`
		Partition int32           `json:"partition"`
		Offset    int64           `json:"offset"`
		// Of dead letters.
		Reason    string `json:"reason,omitempty"`
		Message   string `json:"message,omitempty"`
		Component string `json:"component,omitempty"`
		Source    string `json:"source,omitempty"`
	}{
		Key: string(r.Key), Value: json.RawMessage("null"), Type: header(r, records.Type), Partition: r.Partition, Offset: r.Offset,
		Reason: header(r, records.DeadLetterReason), Message: header(r, records.DeadLetterMessage), Component: header(r, records.DeadLetterComponent),
		Source: header(r, records.DeadLetterSource),
	}
	if r.Value != nil {
		line.Value = w.value(r)
	}
	if w.typ != nil {
		line.Type = w.typ(r)
	}
	return a.writeJSON(line)
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/replicated"
)

// replicatedNow stands for all replicated values where a name is asked for; no entity or projection is called so.
const replicatedNow = "replicated"

func (f *folder) replicatedTopic() string { return f.TopicContext().Replicated().Name }

// inspectValue shows what is committed of a replicated value, whatever the processors have heard of.
func (a *app) inspectValue(ctx context.Context, f *folder, name string, o *inspectOptions) error {
	values := f.Values()
	if err := replicated.Known(values, name); err != nil {
		return usageError{err}
	}
	cfg, err := o.connection.configFor(f.dir)
	if err != nil {
		return err
	}
	err = following.Follow(ctx, following.Options{Client: cfg, Topic: f.replicatedTopic(), UntilEnd: true}, func(r *kgo.Record) error {
		_, err := values.Take(r)
		return err
	})
	if err != nil {
		return unreachable(err, cfg)
	}
	shown, err := values.Show(name)
	if err != nil {
		return err
	}
	if o.json {
		return a.writeJSON(shown)
	}
	_, err = fmt.Fprintf(a.out, "%s  %s  contributions %d  bytes %d\n%s\n", shown.Name, shown.Type, shown.Contributions, shown.Bytes, shown.Value)
	return err
}

// watchedValues follows a replicated value, or all: at each contribution the value as it is with it.
func (f *folder) watchedValues(name string) watched {
	values := f.Values()
	// Each record is taken once, before it is asked whether it is shown.
	var current string
	var unreadable error
	take := func(r *kgo.Record) bool {
		current, unreadable = values.Take(r)
		return unreadable != nil || current != "" && (name == replicatedNow || current == name)
	}
	return watched{
		topic:   f.replicatedTopic(),
		columns: func(*kgo.Record) []string { return nil },
		shows:   take,
		before:  func(r *kgo.Record) { take(r) },
		value: func(*kgo.Record) json.RawMessage {
			if unreadable != nil {
				return quoted(fmt.Sprintf("cannot be decoded: %v", unreadable))
			}
			return values.View(current).AppendValue(nil)
		},
		typ: func(*kgo.Record) string {
			if unreadable != nil {
				return ""
			}
			return values.View(current).Type().String()
		},
	}
}

func (f *folder) valueNames() []string {
	if f.Values() == nil {
		return nil
	}
	var names []string
	for _, figures := range f.Values().Figures() {
		names = append(names, figures.Name)
	}
	return names
}

// isValue tells whether watch is asked for replicated values.
func (f *folder) isValue(name string) bool {
	return f.Values() != nil && (name == replicatedNow || replicated.Known(f.Values(), name) == nil)
}

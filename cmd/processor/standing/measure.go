package standing

import (
	"context"
	"errors"
	"time"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/service"
)

// Options say what to measure.
type Options struct {
	Client      client.Config
	Topics      topics.Context
	Projections []string
	// Over is the time between the two looks, more than 0.
	Over time.Duration
	// Missed is told of a process that does not answer.
	Missed func(error)
}

// Measure tells how the projections do on every shard, projection by projection.
func Measure(ctx context.Context, o Options) ([]Standing, error) {
	cl, err := client.NewAdmin(o.Client)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	asks := admin.New(cl)
	first, err := o.look(ctx, asks)
	if err != nil {
		return nil, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(o.Over):
	}
	o.Missed = func(error) {} // It was told.
	last, err := o.look(ctx, asks)
	if err != nil {
		return nil, err
	}
	var list []Standing
	for _, projection := range o.Projections {
		for shard := range o.Topics.Partitions {
			list = append(list, between(first, last, projection, shard))
		}
	}
	return list, o.measureDelays(ctx, list, last)
}

// Tasks asks all processes how their tasks do, those that do not answer left out.
func Tasks(ctx context.Context, o Options) ([]service.Task, error) {
	cl, err := client.NewAdmin(o.Client)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	return o.tasks(ctx, admin.New(cl))
}

func (o *Options) tasks(ctx context.Context, asks *admin.Admin) ([]service.Task, error) {
	members, err := asks.Members(ctx, o.Topics.Name, o.Topics.Progress().Name)
	if err != nil {
		return nil, err
	}
	var all []service.Task
	for _, m := range members {
		if m.Address == "" {
			o.Missed(errors.New("process " + m.Instance + " has no HTTP server to ask: start it with --http"))
			continue
		}
		tasks, err := service.AskTasks(ctx, m.Address)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			o.Missed(err)
			continue
		}
		all = append(all, tasks...)
	}
	return all, nil
}

func (o *Options) look(ctx context.Context, asks *admin.Admin) (look, error) {
	tasks, err := o.tasks(ctx, asks)
	if err != nil {
		return look{}, err
	}
	l := look{at: time.Now(), tasks: tasks}
	wanted := make(map[string]bool)
	for _, projection := range o.Projections {
		wanted[projection] = true
	}
	var names []string
	seen := make(map[string]bool)
	for _, t := range tasks {
		for _, in := range t.Inputs {
			if wanted[t.Component] && !seen[in.Topic] {
				seen[in.Topic] = true
				names = append(names, in.Topic)
			}
		}
	}
	l.ends, err = asks.Bounds(ctx, names...)
	return l, err
}

// lagging are the positions, of one standing, behind which there is something to read.
func (l *look) lagging(s *Standing) []service.TaskInput {
	var list []service.TaskInput
	for _, in := range s.Inputs {
		if in.Position.Behind(l.ends[place(in)].Stable) > 0 {
			list = append(list, in)
		}
	}
	return list
}

type position struct {
	records.TopicPartition
	records.Position
}

// measureDelays reads the oldest record that is not read in each input.
func (o *Options) measureDelays(ctx context.Context, list []Standing, l look) error {
	want := make(map[position]bool)
	for i := range list {
		for _, in := range l.lagging(&list[i]) {
			want[position{place(in), in.Position}] = true
		}
	}
	times, err := o.timesOf(ctx, want, l.ends)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].Lag <= 0 {
			continue
		}
		for _, in := range l.lagging(&list[i]) {
			if at, ok := times[position{place(in), in.Position}]; ok {
				list[i].Delay = max(list[i].Delay, l.at.Sub(at), 0)
			}
		}
	}
	return nil
}

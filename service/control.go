package service

import (
	"context"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/pubsub"
)

// A controller follows the control topic and brings what it says to the engine, and to whoever reads projections by their names.
type controller struct {
	topics      topics.Context
	projections []Projection
	controls    *partitions.Controls
	live        *liveVersions
	// tables are read from the live version, by the projection whose rows they are.
	tables map[string][]*pubsub.Table
	// note is told of the behaviour that a version runs by from now on, beside those before.
	note   func(projection string, version int, b control.Behavior)
	logger *slog.Logger
	// board is what is known. level: all that was there is in it.
	board *control.Board
	// names are those of all projections that there is a record about.
	names map[string]bool
	level bool
	// noted are the versions whose behaviour was looked at.
	noted map[string]bool
}

// liveVersions are the versions that answer for the names of projections.
type liveVersions struct {
	mu         sync.Mutex
	components map[string]string
}

func (l *liveVersions) set(components map[string]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.components = components
}

func (l *liveVersions) of(projection string) (component string, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	component, known = l.components[projection]
	return component, known
}

// follow runs until ctx ends. While the topic cannot be read, projections that run go on as they do.
func (c *controller) follow(ctx context.Context, cfg client.Config) error {
	return follow.Run(ctx, cfg, follow.Request{
		Topic: c.topics.Control().Name, Begun: c.begin, Apply: c.apply, Level: c.becomeLevel, Waiting: c.waits,
	})
}

// newController has tables of projections wait until it is known which versions' rows they read.
func (s *service) newController(ctx context.Context) *controller {
	c := &controller{
		topics: s.Context.Topics, projections: s.Context.Projections, controls: s.controls, live: s.live, logger: s.Logger,
		tables: make(map[string][]*pubsub.Table), noted: make(map[string]bool),
		note: func(projection string, version int, b control.Behavior) {
			go s.noteBehavior(ctx, projection, version, b)
		},
	}
	for i := range c.projections {
		name := c.projections[i].Name
		for _, t := range s.Context.Tables {
			if t.Topic() == c.topics.Rows(name).Name {
				c.tables[name] = append(c.tables[name], t)
				t.Read("")
			}
		}
	}
	return c
}

func (c *controller) begin() {
	c.board, c.names, c.level = new(control.Board), make(map[string]bool), false
}

func (c *controller) becomeLevel() {
	c.level = true
	c.bring()
}

func (c *controller) waits(err error) {
	if err != nil {
		c.logger.Warn("what operators want of projections cannot be read", slog.String("error", err.Error()))
	}
}

func (c *controller) apply(batch []*kgo.Record) {
	for _, r := range batch {
		c.take(string(r.Key), r.Value)
	}
	if c.level {
		c.bring()
	}
}

func (c *controller) take(key string, value []byte) {
	known, err := c.board.Take(key, value)
	name, about := control.ProjectionOf(key)
	if about {
		c.names[name] = true
	}
	switch {
	case !known:
		c.logger.Warn("a control record is about something that this program does not know", slog.String("key", key))
	case err != nil && about:
		c.logger.Error("a control record cannot be read, and its projection waits", slog.String("projection", name), slog.String("error", err.Error()))
	case err != nil:
		c.logger.Warn("a control record cannot be read", slog.String("key", key), slog.String("error", err.Error()))
	case c.level && about:
		p, _ := c.board.Projection(name)
		c.logger.Info("an operator wants something of a projection", slog.String("projection", name), slog.Bool("paused", p.Paused),
			slog.Int("skip", len(p.Skip)), slog.Any("versions", versionTexts(p)), slog.String("said", p.Said()))
	}
}

// versionTexts are the versions for people.
func versionTexts(p control.Projection) []string {
	var texts []string
	for _, v := range p.All() {
		texts = append(texts, v.String())
	}
	return texts
}

// bring tells everybody what the records come to.
func (c *controller) bring() {
	wanted, live := c.wanted(), make(map[string]string)
	for i := range c.projections {
		name := c.projections[i].Name
		p, known := versionsOf(c.board, name)
		if !known {
			continue
		}
		live[name] = control.Component(name, p.LiveVersion())
		for _, t := range c.tables[name] {
			t.Read(c.topics.Rows(live[name]).Name)
		}
	}
	c.live.set(live)
	c.controls.Set(wanted)
	c.noteBehaviors()
}

// wanted is what the records come to. A projection whose record cannot be read waits, with the versions that it had: it may be meant to.
func (c *controller) wanted() partitions.Wanted {
	w := partitions.Wanted{Orders: make(map[string]partitions.Orders, len(c.names))}
	for name := range c.names {
		p, err := c.board.Projection(name)
		o := partitions.Orders{Paused: p.Paused, Why: p.Said(), Skip: p.Skip}
		if err != nil {
			o = partitions.Orders{Paused: true, Why: "its record in the control topic cannot be read: " + err.Error()}
		}
		w.Orders[name] = o
	}
	for name, e := range c.board.Entities() {
		w.Orders[name] = partitions.Orders{Rebuild: e.Number}
	}
	for i := range c.projections {
		p := &c.projections[i]
		versions, known := versionsOf(c.board, p.Name)
		if !known {
			continue
		}
		w.Components = append(w.Components, p.components(versions)...)
		for _, n := range versions.Gone() {
			w.Gone = append(w.Gone, control.Component(p.Name, n))
		}
	}
	return w
}

package service

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/follow"
	"github.com/partita-io/partita/partitions"
)

// A controller follows the control topic and brings what it says to the engine.
type controller struct {
	controls *partitions.Controls
	logger   *slog.Logger
	// wanted is what is known, by projection, and rebuilds are the numbers of the latest wishes, by entity type. level: all that was there is in them.
	wanted   map[string]wanted
	rebuilds map[string]int64
	level    bool
}

type wanted struct {
	control.Projection
	// unread is why the last record cannot be read; nil if it can.
	unread error
}

// followControl runs until ctx ends. While the topic cannot be read, projections that run go on as they do.
func (s *service) followControl(ctx context.Context) error {
	c := &controller{controls: s.controls, logger: s.Logger}
	return follow.Run(ctx, s.Client, follow.Request{
		Topic: s.Context.Topics.Control().Name, Begun: c.begin, Apply: c.apply, Level: c.becomeLevel, Waiting: c.waits,
	})
}

func (c *controller) begin() {
	c.wanted, c.rebuilds, c.level = make(map[string]wanted), make(map[string]int64), false
}

func (c *controller) becomeLevel() {
	c.level = true
	c.controls.Set(c.orders())
}

func (c *controller) waits(err error) {
	if err != nil {
		c.logger.Warn("what operators want of projections cannot be read", slog.String("error", err.Error()))
	}
}

func (c *controller) apply(batch []*kgo.Record) {
	for _, r := range batch {
		if name, ok := control.EntityOf(string(r.Key)); ok {
			c.applyEntity(name, r.Value)
			continue
		}
		name, ok := control.ProjectionOf(string(r.Key))
		if !ok {
			c.logger.Warn("a control record is about something that this program does not know", slog.String("key", string(r.Key)))
			continue
		}
		p, err := control.Parse(r.Value)
		if err != nil {
			c.logger.Error("a control record cannot be read, and its projection waits", slog.String("projection", name), slog.String("error", err.Error()))
		} else if c.level {
			c.logger.Info("an operator wants something of a projection",
				slog.String("projection", name), slog.Bool("paused", p.Paused), slog.Int("skip", len(p.Skip)), slog.String("said", p.Said()))
		}
		c.wanted[name] = wanted{Projection: p, unread: err}
	}
	if c.level {
		c.controls.Set(c.orders())
	}
}

// applyEntity takes a wish for a rebuild. One that cannot be read is passed over: commands need not wait for it.
func (c *controller) applyEntity(name string, value []byte) {
	e, err := control.ParseEntity(value)
	if err != nil {
		c.logger.Error("a control record cannot be read, and nothing is done for it", slog.String("entity", name), slog.String("error", err.Error()))
		return
	}
	c.rebuilds[name] = e.Number
}

// orders are what the records come to. A projection whose record cannot be read waits: it may be meant to.
func (c *controller) orders() map[string]partitions.Orders {
	orders := make(map[string]partitions.Orders, len(c.wanted))
	for name, w := range c.wanted {
		o := partitions.Orders{Paused: w.Paused, Why: w.Said(), Skip: w.Skip}
		if w.unread != nil {
			o = partitions.Orders{Paused: true, Why: "its record in the control topic cannot be read: " + w.unread.Error()}
		}
		orders[name] = o
	}
	for name, number := range c.rebuilds {
		orders[name] = partitions.Orders{Rebuild: number}
	}
	return orders
}

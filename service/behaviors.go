package service

import (
	"context"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// noteBehaviors looks, once for each version, whether it runs by another behaviour than it did, and says so: its rows are then of both.
func (c *controller) noteBehaviors() {
	for i := range c.projections {
		p := &c.projections[i]
		wanted, err := c.board.Projection(p.Name)
		if err != nil || p.Hash == "" {
			continue
		}
		for _, v := range wanted.All() {
			component := control.Component(p.Name, v.Number)
			if c.noted[component] {
				continue
			}
			c.noted[component] = true
			before := c.board.Behavior(component)
			now := before.With(p.Hash)
			if len(now.Hashes) > len(before.Hashes) {
				c.note(p.Name, v.Number, now)
			}
			if now.Mixed() && v.Role != control.Old {
				c.logger.Warn("a projection has rows of more than one behaviour: what it computes has changed since its first events; to have all rows as it computes "+
					"them now, rebuild it", slog.String("projection", p.Name), slog.Int("version", v.Number),
					slog.String("command", "processor projections "+c.topics.FolderText()+" rebuild "+p.Name))
			}
		}
	}
}

// noteBehavior writes it down. Without the right to do so the context runs all the same: a change is not noticed then.
func (s *service) noteBehavior(ctx context.Context, projection string, version int, b control.Behavior) {
	err := s.writeBehavior(ctx, projection, version, b)
	if err != nil && ctx.Err() == nil {
		s.Logger.Warn("what a projection computes could not be written down: it will not be noticed that this changes", slog.String("projection", projection),
			slog.Int("version", version), slog.String("error", err.Error()))
	}
}

func (s *service) writeBehavior(ctx context.Context, projection string, version int, b control.Behavior) error {
	value, err := b.Value()
	if err != nil {
		return err
	}
	cl, err := client.NewAdmin(s.Client)
	if err != nil {
		return err
	}
	defer cl.Close()
	return admin.New(cl).Write(ctx, &kgo.Record{
		Topic: s.Context.Topics.Control().Name, Key: []byte(control.BehaviorKey(projection, version)), Value: value,
		Headers: []kgo.RecordHeader{{Key: records.ContentType, Value: []byte("application/json")}},
	})
}

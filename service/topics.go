package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/topics"
)

// TopicsError says which topics keep a context from starting.
type TopicsError struct {
	Context  string
	Blocking []topics.Difference
}

func (e *TopicsError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "context %s cannot start as its topics are:", e.Context)
	for _, d := range e.Blocking {
		b.WriteString("\n  " + d.String())
	}
	return b.String()
}

// Differences compares topics that c needs with what the brokers have.
func Differences(ctx context.Context, asks *admin.Admin, c *Context, specs []topics.Spec) ([]topics.Difference, error) {
	names := make([]string, len(specs))
	for i, spec := range specs {
		names[i] = spec.Name
	}
	found, err := asks.Describe(ctx, names...)
	if err != nil {
		return nil, err
	}
	return topics.Diff(c.Topics, specs, found), nil
}

// checkTopics refuses what blocks and logs the rest; with create it first creates what is missing.
func (s *service) checkTopics(ctx context.Context, cfg client.Config, asks *admin.Admin) error {
	board, err := LoadBoard(ctx, cfg, s.Context.Topics)
	if err != nil {
		return err
	}
	specs := s.Context.SpecsOf(board)
	diffs, err := Differences(ctx, asks, s.Context, specs)
	if err != nil {
		return err
	}
	if s.CreateTopics {
		if diffs, err = s.createMissing(ctx, asks, specs, diffs); err != nil {
			return err
		}
	}
	refusal := &TopicsError{Context: s.Context.Topics.Name}
	for _, d := range diffs {
		if d.Blocks() {
			refusal.Blocking = append(refusal.Blocking, d)
			continue
		}
		if !d.Spec.External { // Whoever waits for one says so.
			s.Logger.Warn("topic", slog.String("advice", d.String()))
		}
	}
	if len(refusal.Blocking) > 0 {
		return refusal
	}
	return nil
}

func (s *service) createMissing(
	ctx context.Context, asks *admin.Admin, specs []topics.Spec, diffs []topics.Difference,
) ([]topics.Difference, error) {
	var missing []topics.Difference
	for _, d := range diffs {
		if d.Create {
			missing = append(missing, d)
		}
	}
	if len(missing) == 0 {
		return diffs, nil
	}
	created := func(d topics.Difference) { s.Logger.Info("topic created", slog.String("topic", d.Spec.Name)) }
	if err := asks.Apply(ctx, missing, created); err != nil {
		return nil, err
	}
	return Differences(ctx, asks, s.Context, specs)
}

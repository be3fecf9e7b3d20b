package replicated

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
	"github.com/partita-io/partita/partitions"
)

var _ partitions.Need = (*Values)(nil)

// Name and Run make the values a need of all shards: who decided before it is known what was there would decide on less than had been seen before.
func (v *Values) Name() string { return "replicated values" }

// Run follows the topic until ctx ends.
func (v *Values) Run(ctx context.Context, cfg client.Config, tell func(partitions.NeedState)) error {
	var state partitions.NeedState
	// waiting is why nothing is read; unread is the last record that is no contribution: what it was to add is missing.
	var waiting, unread error
	show := func() {
		state.Trouble = errors.Join(waiting, unread)
		tell(state)
	}
	return follow.Run(ctx, cfg, follow.Request{
		Topic: v.topic,
		Apply: func(batch []*kgo.Record) {
			for _, r := range batch {
				if err := v.hear(r); err != nil {
					unread = err
					show()
				}
			}
		},
		Level: func() {
			v.isLevel()
			state.Met = true
			show()
		},
		Waiting: func(err error) {
			waiting = err
			show()
		},
	})
}

// hear takes a record, and tells how old it is, unless it was there before the process was.
func (v *Values) hear(r *kgo.Record) error {
	name, err := v.Take(r)
	v.mu.RLock()
	heard, level := v.heard, v.level
	v.mu.RUnlock()
	if name != "" && level && heard != nil {
		heard(name, time.Since(r.Timestamp))
	}
	return err
}

func (v *Values) isLevel() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.level = true
}

package partitions

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/partita-io/partita/kafka/records"
)

// A purger deletes what repartition topics hold below the committed position of their one reader, once a minute. Deleting too little does no
// harm, so whatever fails is left for the next time.
type purger struct {
	engine *engine
	admin  *kadm.Client
}

const purgeEvery = time.Minute

func newPurger(rt *engine) *purger { return &purger{engine: rt, admin: kadm.NewClient(rt.admin)} }

func (p *purger) run(ctx context.Context) {
	done := make(map[records.TopicPartition]records.Position)
	for sleep(ctx, purgeEvery) {
		offsets := make(kadm.Offsets)
		for _, side := range p.engine.lanes {
			for _, l := range side {
				for at, position := range l.purgeable(ctx) {
					if done[at] != position {
						done[at] = position
						offsets.AddOffset(at.Topic, at.Partition, int64(position), -1)
					}
				}
			}
		}
		if len(offsets) > 0 {
			if _, err := p.admin.DeleteRecords(ctx, offsets); err != nil {
				p.engine.waits.say("deleting what was read from repartition topics", err)
			}
		}
	}
}

// purgeable asks the lane for the committed positions of inputs that nobody else reads.
func (l *lane) purgeable(ctx context.Context) map[records.TopicPartition]records.Position {
	answer := make(chan map[records.TopicPartition]records.Position, 1)
	l.ask(func() {
		positions := make(map[records.TopicPartition]records.Position)
		for at, inputs := range l.readers {
			if inputs[0].purge {
				positions[at] = inputs[0].written
			}
		}
		answer <- positions
	})
	select {
	case positions := <-answer:
		return positions
	case <-ctx.Done():
		return nil
	}
}

package partitions

import (
	"context"

	"github.com/partita-io/partita/kafka/records"
)

// A Standing is how one task of this process does.
type Standing struct {
	Component string
	Shard     int32
	// State is [TaskRunning], [TaskPaused], [TaskRebuilding] or [TaskHalted], and Why the reason; empty for a task that runs.
	State, Why string
	// Asked is the number of the latest wish for a rebuild that the task has met, or is meeting.
	Asked int64
	// Before is the record that a task stopped before; nil if it did not, or for another reason.
	Before *records.Place
	// Positions are where the task stands in its inputs: everything before is committed.
	Positions map[records.TopicPartition]records.Position
}

// States of tasks, as people read them.
const (
	TaskRunning    = "running"
	TaskPaused     = "paused"
	TaskRebuilding = "rebuilding"
	TaskHalted     = "stopped"
)

// Standings asks how the tasks of the running shards do. It waits for the lanes until ctx ends.
func (c *Controls) Standings(ctx context.Context) ([]Standing, error) {
	c.mu.Lock()
	lanes := c.lanes
	c.mu.Unlock()
	list := []Standing{}
	for _, l := range lanes {
		answer := make(chan []Standing, 1)
		l.ask(func() { answer <- l.standings() })
		select {
		case told := <-answer:
			list = append(list, told...)
		case <-l.ended:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return list, nil
}

func (l *lane) standings() []Standing {
	var list []Standing
	for _, tasks := range l.tasks {
		for _, t := range tasks {
			list = append(list, t.standing())
		}
	}
	return list
}

func (t *task) standing() Standing {
	s := Standing{
		Component: t.component.Name, Shard: t.shard.number, State: TaskRunning, Asked: t.asked, Positions: make(map[records.TopicPartition]records.Position),
	}
	for _, in := range t.inputs {
		s.Positions[in.TopicPartition] = in.committed
	}
	switch {
	case t.stopped:
		s.State = TaskHalted
		if t.why != nil {
			s.Why = t.why.Error()
		}
		if r := t.stoppedBefore; r != nil {
			s.Before = &records.Place{TopicPartition: records.TopicPartition{Topic: r.Topic, Partition: r.Partition}, Offset: records.Offset(r.Offset)}
		}
	case t.rebuild != nil:
		s.State, s.Why = TaskRebuilding, "its states are computed anew from the events"
	case t.paused:
		s.State, s.Why = TaskPaused, t.whyPaused
	}
	return s
}

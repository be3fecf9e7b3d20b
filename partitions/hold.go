package partitions

import (
	"context"
	"slices"
	"time"

	"github.com/partita-io/partita/kafka/client"
)

// A task that writes to topics of others is held while one of these is away: it is taken out of the lane, and tried again from where it stands after
// a pause. The lane's other tasks go on; nothing is dropped.

const holdPause = 2 * time.Second

// targetsOf names the wait of a component that is held.
func targetsOf(c *Component) string { return "topics that " + c.Name + " writes to" }

// withTargets are the batches whose tasks can write. Of the others' tasks nothing is decided now.
func (l *lane) withTargets(ctx context.Context, batches []batch, now time.Time) []batch {
	away := make(map[*task]error)
	for _, b := range batches {
		t := b.input.task
		if _, asked := away[t]; asked || len(t.component.Targets) == 0 {
			continue
		}
		away[t] = l.engine.targets.lookUp(ctx, t.component.Targets, now)
	}
	for t, err := range away {
		if err != nil {
			l.hold(t, err)
		}
	}
	return slices.DeleteFunc(batches, func(b batch) bool { return away[b.input.task] != nil })
}

// hold takes a task out of the lane for a moment. Its inputs stand behind what was decided, or, of windows that failed, before it.
func (l *lane) hold(t *task, why error) {
	l.engine.waits.say(targetsOf(t.component), why)
	l.withdraw(t)
	t.held = true
	if !t.resuming {
		t.resuming = true
		time.AfterFunc(holdPause, func() { l.ask(func() { l.resume(t) }) })
	}
}

// withdraw gives a task no more records. What waits for it in memory is read again when it goes on: if some of it were decided without what came before
// it, that would be lost.
func (l *lane) withdraw(t *task) {
	l.backlog = slices.DeleteFunc(l.backlog, func(b batch) bool { return b.input.task == t })
	for _, in := range t.inputs {
		l.stopInput(in)
	}
}

// resume reads a task's inputs on, unless it has left the lane meanwhile or something else keeps it.
func (l *lane) resume(t *task) {
	t.resuming = false
	// The shard may have been acquired anew meanwhile, with other tasks.
	if !slices.Contains(l.tasks[t.shard], t) || l.closing[t.shard] != nil || t.stopped || t.paused || t.rebuild != nil {
		return
	}
	for _, in := range t.inputs {
		if readers := l.readers[in.TopicPartition]; len(readers) > 0 && !slices.Contains(readers, in) {
			// Others read it, further on: the client must be taken back.
			l.consumer.RemoveConsumePartitions(map[string][]int32{in.Topic: {in.Partition}})
		}
	}
	l.read(t.inputs)
}

// goesOn ends the wait of a task that was held: what it wrote is committed.
func (l *lane) goesOn(t *task) {
	if t.held {
		t.held = false
		l.engine.waits.over(targetsOf(t.component))
	}
}

// holdWriters holds the tasks that write to topics that could not be written to. Their windows have been given up.
func (l *lane) holdWriters(away map[string]error) {
	for topic, err := range away {
		l.engine.targets.doubt(topic)
		for _, tasks := range l.tasks {
			for _, t := range tasks {
				if !t.stopped && l.closing[t.shard] == nil && slices.Contains(t.component.Targets, topic) {
					l.hold(t, client.NameRight(err, "WRITE", "topic "+topic))
				}
			}
		}
	}
}

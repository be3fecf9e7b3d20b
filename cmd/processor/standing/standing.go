package standing

import (
	"slices"
	"time"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/service"
)

// Unknown is the state of a task that no process told of.
const Unknown = "unknown"

// A Standing is how a projection does on one shard.
type Standing struct {
	Projection string
	// Task is what its process told. Its State is [Unknown] if none did.
	service.Task
	// Lag is how many offsets it is behind the ends of its inputs: an upper bound of records. -1 if that is not known.
	Lag int64
	// Delay is the age of the oldest record that it has not read; 0 without lag, -1 if it is not known.
	Delay time.Duration
	// Rate is how many offsets a second it comes on.
	Rate float64
	// Level is when it will have no lag if all goes on as it does; -1 if never, or if that is not known.
	Level time.Duration
}

// A look is what was told at one moment.
type look struct {
	at    time.Time
	tasks []service.Task
	ends  map[records.TopicPartition]admin.Bounds
}

func (l *look) task(component string, shard int32) *service.Task {
	i := slices.IndexFunc(l.tasks, func(t service.Task) bool { return t.Component == component && t.Shard == shard })
	if i < 0 {
		return nil
	}
	return &l.tasks[i]
}

func place(in service.TaskInput) records.TopicPartition {
	return records.TopicPartition{Topic: in.Topic, Partition: in.Partition}
}

// lag is how far a task's inputs are behind; -1 if it has none, or the end of one is not known.
func (l *look) lag(t *service.Task) int64 {
	if t == nil || len(t.Inputs) == 0 {
		return -1
	}
	var lag int64
	for _, in := range t.Inputs {
		b, ok := l.ends[place(in)]
		if !ok {
			return -1
		}
		lag += in.Position.Behind(b.Stable)
	}
	return lag
}

func read(t *service.Task) int64 {
	var sum int64
	for _, in := range t.Inputs {
		sum += int64(in.Position)
	}
	return sum
}

// between is how a projection does on a shard, from what was told at two moments. Its delay is not known yet, unless it has no lag.
func between(first, last look, projection string, shard int32) Standing {
	s := Standing{Projection: projection, Lag: -1, Delay: -1, Level: -1}
	was, is := first.task(projection, shard), last.task(projection, shard)
	if is == nil {
		s.Task = service.Task{Component: projection, Shard: shard, State: Unknown, Why: "no process that answers runs it"}
		return s
	}
	s.Task, s.Lag = *is, last.lag(is)
	if s.Lag == 0 {
		s.Delay, s.Level = 0, 0
	}
	seconds := last.at.Sub(first.at).Seconds()
	if was == nil || len(was.Inputs) != len(is.Inputs) || seconds <= 0 {
		return s
	}
	s.Rate = max(0, float64(read(is)-read(was))/seconds)
	if before := first.lag(was); s.Lag > 0 && before > s.Lag {
		s.Level = time.Duration(float64(s.Lag) / (float64(before-s.Lag) / seconds) * float64(time.Second))
	}
	return s
}

package simulation

import (
	"sync"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// What the engines told, and what the log looked like at that moment. It is judged when the log is whole.
type told struct {
	// mu guards the rest.
	mu     sync.Mutex
	stays  []*stay
	counts []count
	views  []viewed
	wrongs []error
	// counted are the events that were counted so far, by shard.
	counted [shards]int
	// peak is the most that overlays of one life took.
	peak int64
}

// wrong is something that no engine may do.
func (t *told) wrong(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrongs = append(t.wrongs, err)
}

// A stay is a shard with one life, from when it begins to be acquired.
type stay struct {
	life  string
	shard int32
	// progressEnd and ends are the ends of the progress topic and of the changelogs then: no later than those that the restore was to reach.
	progressEnd int64
	ends        map[string]int64
	// running is what its stores held when it was said to run, by changelog and key; nil before.
	running map[string]map[string]string
}

// A count is how many events of a shard had been counted when the log of events had its end there.
type count struct {
	shard int32
	total int
	end   int64
}

// A viewed value was shown by a life when the changelog had its end there.
type viewed struct {
	life, topic, key string
	value            []byte
	end              int64
}

// listener notes what an operator would see, and what checkers need.
func (w *world) listener(in *instance, l *life) partitions.Listener {
	return partitions.Listener{
		TaskStopped: func(e partitions.TaskStopped) {
			w.tally.add("engine", "tasks stopped", 1)
			w.note("%s: task %s/%d stopped: %v", l.name, e.Component, e.Shard, e.Err)
		},
		StoreRebuilt: func(e partitions.StoreEvent) {
			w.tally.add("engine", "stores rebuilt", 1)
			w.note("%s: store %s/%d is restored in full: %s", l.name, e.Component, e.Shard, e.Reason)
		},
		ShardAcquiring: func(e partitions.ShardEvent) { w.acquiring(l, e.Shard) },
		ShardRunning: func(e partitions.ShardEvent) {
			w.tally.add("engine", "shards acquired", 1)
			w.running(l, e.Shard)
			w.note("%s: shard %d runs after %v", l.name, e.Shard, e.Took)
		},
		ShardClosed: func(e partitions.ShardEvent) { w.note("%s: shard %d is closed, lost: %v", l.name, e.Shard, e.Lost) },
		WindowEnded: func(e partitions.WindowEvent) { w.windowEnded(l, e) },
		Waiting: func(e partitions.WaitingEvent) {
			w.note("%s waits for %s: %v", l.name, e.For, e.Err)
			in.waits(e)
		},
		Resumed: func(e partitions.WaitingEvent) { w.note("%s goes on: %s", l.name, e.For) },
	}
}

func (w *world) acquiring(l *life, shard int32) {
	s := &stay{life: l.name, shard: shard, progressEnd: w.end(progressTopic, shard), ends: map[string]int64{}}
	for _, topic := range changelogs {
		s.ends[topic] = w.end(topic, shard)
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	w.told.stays = append(w.told.stays, s)
}

func (w *world) running(l *life, shard int32) {
	held := map[string]map[string]string{}
	for component, topic := range changelogs {
		values := map[string]string{}
		for _, key := range keysOf(component, shard) {
			value, here, err := l.views.Get(component, []byte(key), shards)
			if !here || err != nil {
				return // A disk that fails now.
			}
			if value != nil {
				values[key] = string(value)
			}
		}
		held[topic] = values
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	for i := len(w.told.stays) - 1; i >= 0; i-- {
		if s := w.told.stays[i]; s.life == l.name && s.shard == shard {
			s.running = held
			return
		}
	}
}

func (w *world) windowEnded(l *life, e partitions.WindowEvent) {
	w.tally.add("windows", e.Outcome, 1)
	if e.Err != nil {
		w.note("%s: window of the %s side with %d records: %s: %v", l.name, e.Side, e.Records, e.Outcome, e.Err)
	}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	w.checkWindow(l, e)
	for _, task := range e.Tasks {
		events := 0
		for _, t := range task.Tallies {
			if t.Kind == partitions.EventEmitted {
				events++
			}
			if t.Kind == partitions.CommandParked {
				w.tally.add("work", "parked", 1)
			}
		}
		if events == 0 {
			continue
		}
		w.tally.add("work", "events", events)
		w.told.counted[task.Shard] += events
		w.told.counts = append(w.told.counts, count{task.Shard, w.told.counted[task.Shard], w.end(eventsTopic, task.Shard)})
	}
}

// look asks a life for a value, and how much it has in memory.
func (w *world) look(l *life, component, key string) {
	value, here, err := l.views.Get(component, []byte(key), shards)
	if here && err == nil {
		topic := changelogs[component]
		v := viewed{life: l.name, topic: topic, key: key, value: value, end: w.end(topic, records.Partition([]byte(key), shards))}
		w.told.mu.Lock()
		w.told.views = append(w.told.views, v)
		w.told.mu.Unlock()
	}
	w.lookAtMemory(l)
}

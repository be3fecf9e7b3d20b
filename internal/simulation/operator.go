package simulation

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// mended are the commands that a new version of the behaviour no longer trips over.
type mended struct{ which sync.Map }

func (m *mended) has(which string) bool {
	_, ok := m.which.Load(which)
	return ok
}

func (m *mended) add(which string) { m.which.Store(which, nil) }

// An operator looks after parked entities. It asks for one thing at a time of each, so that a command that trips fails when it is first decided, and
// not again.
type operator struct {
	orders int
	// asked are correlation ids, by entity, of what was not answered when it looked last.
	asked map[string]string
}

// operate has the operator look at all that is parked, and do something about some of it.
func (s *schedule) operate() {
	_, err := s.history.read(s.t.Context())
	require.NoError(s.t, err)
	answered := map[string]bool{}
	s.history.committed(repliesTopic, func(e *entry) { answered[header(e.Record, records.CorrelationID)] = true })
	first := s.firstOfParked()
	for _, key := range slices.Sorted(maps.Keys(first)) {
		open := s.operator.asked[key]
		if open != "" && !answered[open] || s.IntN(3) == 0 {
			continue
		}
		s.operator.asked[key] = s.order(key, first[key])
	}
	require.NoError(s.t, s.cl.Flush(s.t.Context()))
}

// A shownCommand is one of the topic that shows what waits.
type shownCommand struct {
	number int64
	*kgo.Record
}

// firstOfParked is the first command that waits with each parked entity.
func (w *world) firstOfParked() map[string]shownCommand {
	first := map[string]shownCommand{}
	for key, r := range w.shownCommands() {
		parts := strings.SplitN(key, "/", 3) // "account/NUMBER/ID"
		number, err := strconv.ParseInt(parts[1], 10, 64)
		require.NoError(w.t, err)
		if before, ok := first[parts[2]]; !ok || number < before.number {
			first[parts[2]] = shownCommand{number, r}
		}
	}
	return first
}

// shownCommands are the last records of the topic that shows what waits.
func (w *world) shownCommands() map[string]*kgo.Record {
	shown := map[string]*kgo.Record{}
	w.history.committed(parkedTopic, func(e *entry) {
		if shown[string(e.Key)] = e.Record; e.Value == nil {
			delete(shown, string(e.Key))
		}
	})
	return shown
}

// order asks for something to be done about the first command of an entity, and returns the correlation id.
func (s *schedule) order(key string, first shownCommand) string {
	s.operator.orders++
	order := records.Order{By: "operator", Why: "drawn", Number: first.number}
	operation, correlation := records.Release, "o"+strconv.Itoa(s.operator.orders)
	switch n := s.IntN(10); {
	case n == 0:
		order.Number-- // As if it had been looked at long ago.
	case n < 5:
		operation, order.Only = records.Skip, s.IntN(3) == 0
	default:
		if words := strings.Fields(string(first.Value)); words[0] == "trip" && header(first.Record, records.DeadLetterReason) != "untried" {
			s.mended.add(words[3])
		}
	}
	s.note("the operator asks %s: %s %+v", key, operation, order)
	s.tally.add("work", "operations: "+operation, 1)
	value, err := json.Marshal(order)
	require.NoError(s.t, err)
	r := &kgo.Record{Topic: commandsTopic, Key: []byte(key), Partition: records.Partition([]byte(key), shards), Value: value, Headers: []kgo.RecordHeader{
		{Key: records.Operation, Value: []byte(operation)},
		{Key: records.ReplyTopic, Value: []byte(repliesTopic)},
		{Key: records.CorrelationID, Value: []byte(correlation)},
	}}
	s.cl.Produce(s.t.Context(), r, func(_ *kgo.Record, err error) { require.NoError(s.t, err) })
	return correlation
}

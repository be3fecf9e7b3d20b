package simulation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
	"github.com/partita-io/partita/replicated"
)

// A forgery is one thing in what was seen that the engine may never do; undo takes it back.
type forgery struct {
	// checker begins what is said of it.
	checker string
	what    string
	forge   func(w *world) (undo func())
}

var forgeries = []forgery{
	{"invariant 1:", "a commit without a fence", func(w *world) func() {
		id := w.anyEvent().transaction.writer
		f := w.witness.fences[id]
		delete(w.witness.fences, id)
		return func() { w.witness.fences[id] = f }
	}},
	{"invariant 1:", "a fence for another shard", func(w *world) func() {
		f := w.witness.fences[w.anyEvent().transaction.writer]
		before := f.shards
		f.shards = map[int32]bool{}
		return func() { f.shards = before }
	}},
	{"invariant 2:", "a store that has a change of an aborted window", func(w *world) func() {
		content := w.found[len(w.found)-1].content
		content["stranger"] = "1"
		return func() { delete(content, "stranger") }
	}},
	{"invariant 2:", "a store that says to be further than it is", func(w *world) func() {
		var at *found
		for i := range w.found {
			if f := &w.found[i]; f.component == "account" && f.position > 0 && len(f.content) > 0 {
				at = f
			}
		}
		before := at.position
		at.position = 0
		return func() { at.position = before }
	}},
	{"invariant 3:", "an event that is counted before it is committed", func(w *world) func() {
		c := &w.told.counts[0]
		c.end--
		c.total += 1000
		return func() { c.end++; c.total -= 1000 }
	}},
	{"invariant 3:", "a view of what is not committed", func(w *world) func() {
		before := w.told.views
		w.told.views = append(before[:len(before):len(before)], viewed{topic: changelogTopic, key: "a0", value: []byte("?"), end: 1 << 40})
		return func() { w.told.views = before }
	}},
	{"invariant 4:", "a writer that did not acquire its shard", func(w *world) func() {
		before := w.told.stays
		w.told.stays = nil
		return func() { w.told.stays = before }
	}},
	{"invariant 5:", "a lost event", func(w *world) func() {
		e := w.anyEvent()
		e.committed = false
		return func() { e.committed = true }
	}},
	{"invariant 6:", "half a transaction", func(w *world) func() {
		e := w.anyEvent()
		e.committed = false
		return func() { e.committed = true }
	}},
	{"invariant 6:", "an event in another transaction than its command's position", func(w *world) func() {
		e := w.anyEvent()
		before := e.transaction
		// A command may have been sent twice, and be passed in a second transaction.
		passed, _ := w.passedBy()
		may := map[*transaction]bool{}
		for _, command := range w.sourcesOf().byCause[header(e.Record, records.Causation)] {
			may[passed[command]] = true
		}
		for _, t := range w.history.transactions {
			if t.committed() && !may[t] {
				e.transaction = t
				break
			}
		}
		return func() { e.transaction = before }
	}},
	{"invariant 7:", "a command that is applied twice", func(w *world) func() {
		e := w.anyEvent()
		p := w.history.partitions[records.TopicPartition{Topic: e.Topic, Partition: e.Partition}]
		before := p.entries
		p.entries = append(before[:len(before):len(before)], e)
		return func() { p.entries = before }
	}},
	{"invariant 8:", "a shard that runs on an empty store", func(w *world) func() {
		s := w.told.stays[len(w.told.stays)-1]
		before := s.running
		s.running = map[string]map[string]string{changelogTopic: {}}
		return func() { s.running = before }
	}},
	{"invariant 9:", "a command that no position has passed", func(w *world) func() {
		p := w.history.partitions[records.TopicPartition{Topic: commandsTopic, Partition: 0}]
		before := p.entries
		p.entries = append(before[:len(before):len(before)], &entry{Record: &kgo.Record{Topic: commandsTopic, Offset: 1 << 40}, committed: true})
		return func() { p.entries = before }
	}},
	{"invariant 9:", "a window that does not account for an input", func(w *world) func() {
		w.checkWindow(&life{}, partitions.WindowEvent{Side: partitions.WriteSide, Records: 1, Tasks: make([]partitions.TaskTally, 1)})
		return func() { w.told.wrongs = nil }
	}},
	{"invariant 10:", "a window that is too large", func(w *world) func() {
		w.checkWindow(&life{}, partitions.WindowEvent{Side: partitions.ReadSide, Records: 2*windowRecords + 1})
		return func() { w.told.wrongs = nil }
	}},
	{"invariant 11:", "records in another order than their windows", func(w *world) func() {
		for _, p := range w.history.partitions {
			first, last := 0, len(p.entries)-1
			if last < 1 || p.entries[0].Topic != changelogTopic || w.lifeOf(p.entries[first]) != w.lifeOf(p.entries[1]) {
				continue
			}
			for i := 1; i <= last && w.lifeOf(p.entries[i]) == w.lifeOf(p.entries[0]); i++ {
				if a, b := p.entries[0], p.entries[i]; a.transaction != b.transaction {
					p.entries[0], p.entries[i] = b, a
					return func() { p.entries[0], p.entries[i] = a, b }
				}
			}
		}
		return func() {}
	}},
	{"replicated:", "a decision that saw less than its task had committed", func(w *world) func() { return w.forgeEvent(func(m *move) { m.visits = 0 }) }},
	{"replicated:", "a decision that saw what was not committed", func(w *world) func() { return w.forgeEvent(func(m *move) { m.visits += 1000 }) }},
	{"replicated:", "a decision that did not see what its account had changed", func(w *world) func() { return w.forgeEvent(func(m *move) { m.own++ }) }},
	{"replicated:", "a contribution that is not in the store", func(w *world) func() {
		e := w.lastContribution()
		before := e.Value
		e.Value = nil
		return func() { e.Value = before }
	}},
	{"replicated:", "a contribution that was lost", func(w *world) func() {
		e := w.lastContribution()
		e.committed = false
		return func() { e.committed = true }
	}},
}

// forgeEvent has the last event say something else of what its decision saw.
func (w *world) forgeEvent(change func(*move)) (undo func()) {
	var last *entry
	w.history.committed(eventsTopic, func(e *entry) { last = e })
	before, m := last.Value, movedBy(last)
	change(&m)
	last.Value = fmt.Appendf(nil, "%+d %s %d %d %d", m.n, m.group, m.visits, m.own, m.at)
	return func() { last.Value = before }
}

// lastContribution is one to the visits of a shard.
func (w *world) lastContribution() *entry {
	var last *entry
	w.history.committed(replicatedTopic, func(e *entry) {
		if strings.HasPrefix(string(e.Key), "visits/") {
			last = e
		}
	})
	return last
}

// What an instance shows of replicated values that the events do not lead to, however small, and a grow-counter that falls.
func (w *world) checkForgedReplicated() {
	w.must(w.checkReplicatedLevel(), "nothing is forged yet")
	known := w.instances[1].life.knows.values
	for _, change := range []entities.Change{
		{Value: "visits", Operation: crdt.Increment(1)},
		{Value: "cents", Operation: crdt.Increment(-1)},
		{Value: "sums", Operation: crdt.Increment(1).At("g0")},
		{Value: "sums", Operation: crdt.Increment(0).At("stranger")},
		{Value: "sums", Operation: crdt.Delete("g1")},
		{Value: "tags", Operation: crdt.Add(text("stranger"))},
		{Value: "tags", Operation: crdt.Clear()},
		{Value: "last", Operation: crdt.Assign(text("nobody"), 1)},
	} {
		t := replicatedTypes[change.Value]
		stranger, err := crdt.New(t, 99).Apply(change.Operation, known.View(change.Value))
		require.NoError(w.t, err)
		forged, err := known.View(change.Value).With(stranger)
		require.NoError(w.t, err)
		require.ErrorContains(w.t, w.wanted().differ("i1", func(name string) crdt.View {
			if name == change.Value {
				return forged
			}
			return known.View(name)
		}), "replicated:", "%s of %s", change.Operation, change.Value)
	}
	knows := w.instances[1].life.knows
	knows.values = replicated.New(replicatedTypes, replicatedTopic)
	require.ErrorContains(w.t, w.checkReplicatedLevel(), "replicated: i1#1 has visits at 0")
	knows.look()
	require.ErrorContains(w.t, w.checkInvariants(), "replicated: i1#1 knows of 0 visits, where it knew of ")
	w.told.wrongs, knows.values = nil, known
}

// anyEvent is one that is not the last of its entity.
func (w *world) anyEvent() *entry {
	var first *entry
	w.history.committed(eventsTopic, func(e *entry) {
		if first == nil && header(e.Record, records.Sequence) == "1" {
			first = e
		}
	})
	return first
}

// Decisions look at a table that is a part, older than their process, or goes back.
func TestRatesThatNoDecisionMaySeeAreNoticed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, newTally(), entities.DeadLetter)
		defer w.close()
		watch := w.watchRates("i0#1")
		show := func(without string, change int) {
			rows := map[string][]byte{}
			for key, n := range w.rates.written {
				if key != without {
					rows[key] = []byte(strconv.Itoa(n + change))
				}
			}
			watch.table.Fill(rows)
			watch.look()
		}
		show("", 0)
		show("", 5)
		require.NoError(t, w.checkRates())
		show("", 4)
		require.ErrorContains(t, w.checkRates(), "rates: i0#1 decides with r1 at 5, where it was 6 before")
		w.rates.wrongs = nil
		show("r3", 9)
		require.ErrorContains(t, w.checkRates(), "rates: i0#1 decides with r3 at 0")
	})
}

// A checker that never finds anything would pass every seed. So each is shown a history without faults, and then the same one with a forgery.
func TestEachInvariantsCheckerNoticesAForgery(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, dir, newTally(), entities.DeadLetter)
		defer w.close()
		defer w.killAll()
		s := newSchedule(w, 1)
		for _, in := range w.instances {
			in.start()
		}
		for range 6 {
			s.send(20)
			s.rest(500 * time.Millisecond)
			s.lookAround()
			s.leave(w.instances[0])
			s.send(20)
			s.rest(time.Second)
			s.rest(8 * time.Second)
		}
		w.settle()
		w.checkForgedReplicated()
		for _, in := range w.instances {
			if in.alive() {
				life := in.life.name
				in.leave()
				w.must(in.inspect(life), "the stores")
			}
		}
		judge := func() error { return errors.Join(w.checkInvariants(), w.compareReplicated()) }
		require.NoError(t, judge())
		for _, f := range forgeries {
			undo := f.forge(w)
			require.ErrorContains(t, judge(), f.checker, f.what)
			undo()
			require.NoError(t, judge(), "after %s", f.what)
		}
	})
}

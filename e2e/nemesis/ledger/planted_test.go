package ledger

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each plants one fault in a clean run; exactly these kinds are found.
func TestAPlantedFaultInTheEventsIsFound(t *testing.T) {
	accepted := func(kind string, events int) func(*operation) bool {
		return func(o *operation) bool { return o.Type == kind && o.Answer.Events == events }
	}
	for name, fault := range map[string]struct {
		plant func(t *testing.T, p *played)
		found []string
	}{
		"the last event of an entity is lost": {func(t *testing.T, p *played) {
			t.Helper()
			i := p.last(p.event(t, p.find(t, accepted("Append", 1))))
			p.log = slices.Delete(p.log, i, i+1)
		}, []string{Lost}},
		"an event in the middle is lost": {func(t *testing.T, p *played) {
			t.Helper()
			p.log = slices.Delete(p.log, 0, 1)
		}, []string{Gap, Lost}},
		"an event is there twice": {func(t *testing.T, p *played) {
			t.Helper()
			i := p.event(t, p.find(t, accepted("Add", 1)))
			p.log = slices.Insert(p.log, i, p.log[i])
		}, []string{Doubled}},
		"a command is carried out twice": {func(t *testing.T, p *played) {
			t.Helper()
			i := p.last(p.event(t, p.find(t, accepted("Add", 1))))
			again := p.log[i]
			again.Sequence++
			p.log = append(p.log, again)
		}, []string{Doubled}},
		"sequences jump": {func(t *testing.T, p *played) {
			t.Helper()
			p.log[p.last(0)].Sequence++
		}, []string{Gap, AnswerDisagrees}},
		"only some events of a command are there": {func(t *testing.T, p *played) {
			t.Helper()
			i := p.event(t, p.find(t, accepted("Add", 3)))
			of := p.log[i]
			p.log = slices.DeleteFunc(p.log, func(e logged) bool { return e.entityID == of.entityID && e.Sequence > of.Sequence })
		}, []string{Lost, AnswerDisagrees}},
		"an event without a command": {func(t *testing.T, p *played) {
			t.Helper()
			p.log[p.last(0)].Causation = "somebody/1"
		}, []string{Uncaused, Lost}},
		"an event of another entity's command": {func(t *testing.T, p *played) {
			t.Helper()
			other := p.find(t, func(o *operation) bool { return o.entity() != p.log[0].entityID && o.Answer.Events == 0 })
			p.log[0].Causation = p.book.source + "/" + commandID(other)
		}, []string{Uncaused, Lost}},
		"an event has another value": {func(t *testing.T, p *played) {
			t.Helper()
			p.log[p.event(t, p.find(t, accepted("Append", 1)))].Element = 1 << 40
		}, []string{AnswerDisagrees}},
		"an event lies on a foreign partition": {func(t *testing.T, p *played) {
			t.Helper()
			p.log[3].Partition = (p.log[3].Partition + 1) % shards
		}, []string{Gap}},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, 600)
			fault.plant(t, p)
			_, findings := p.check()
			require.ElementsMatch(t, fault.found, kinds(findings), "%v", findings)
		})
	}
}

func TestAPlantedFaultInTheAnswersIsFound(t *testing.T) {
	is := func(kind string) func(*operation) bool {
		return func(o *operation) bool { return o.Type == kind && o.Answer.Code == "" }
	}
	for name, fault := range map[string]struct {
		plant func(t *testing.T, p *played)
		found []string
	}{
		// The state it tells of was there once: only the order of things shows it.
		"a read is stale": {func(t *testing.T, p *played) {
			t.Helper()
			o := p.book.operations[p.find(t, func(o *operation) bool { return is("Read")(o) && o.Expected < 0 && o.Answer.Sequence > 10 })]
			*o.Answer, _ = state{}.decide(&o.command)
		}, []string{NotLinearizable}},
		"a reply has another value": {func(t *testing.T, p *played) {
			t.Helper()
			p.book.operations[p.find(t, is("Append"))].Answer.Reply = "77"
		}, []string{NotLinearizable, AnswerDisagrees}},
		"a sequence is another": {func(t *testing.T, p *played) {
			t.Helper()
			p.book.operations[p.find(t, is("Add"))].Answer.Sequence--
		}, []string{NotLinearizable, AnswerDisagrees}},
		"what was done was rejected": {func(t *testing.T, p *played) {
			t.Helper()
			p.book.operations[p.find(t, is("Add"))].Answer = &answer{Status: "rejected", Code: "out-of-bounds", Sequence: 1}
		}, []string{NotLinearizable, AnswerDisagrees}},
		"a command failed": {func(t *testing.T, p *played) {
			t.Helper()
			p.book.operations[p.find(t, is("Read"))].Answer = &answer{Status: "failed", Code: "behavior"}
		}, []string{NotLinearizable, AnswerDisagrees}},
		"an answer tells of a sequence that never was": {func(t *testing.T, p *played) {
			t.Helper()
			p.book.operations[p.find(t, is("Read"))].Answer.Sequence += 1000
		}, []string{NotLinearizable, AnswerDisagrees}},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, 600)
			fault.plant(t, p)
			_, findings := p.check()
			require.ElementsMatch(t, fault.found, kinds(findings), "%v", findings)
		})
	}
}

// Without an answer a command may have been carried out or not; half of it may not.
func TestWhatIsNotAnsweredMayBeEither(t *testing.T) {
	p := play(t, 600)
	done := p.book.operations[p.find(t, func(o *operation) bool { return o.Answer.Events == 3 })]
	done.Answer = nil
	undone := &operation{command: done.command, Number: len(p.book.operations)}
	p.book.operations = append(p.book.operations, undone)
	_, findings := p.check()
	require.Empty(t, findings)

	i := p.event(t, done.Number)
	of := p.log[i]
	p.log = slices.DeleteFunc(p.log, func(e logged) bool { return e.entityID == of.entityID && e.Sequence > of.Sequence })
	_, findings = p.check()
	require.Contains(t, kinds(findings), Lost)

	w := Workload{book: p.book}
	require.Equal(t, []string{Unanswered}, kinds(w.count().Findings))
	require.Equal(t, 599, w.count().Answers)
}

func TestAPlantedFaultInTheChangelogIsFound(t *testing.T) {
	p := play(t, 600)
	c, _ := p.check()
	id := p.log[0].entityID
	for name, plant := range map[string]func(map[entityID]stored){
		"the value is another":         func(last map[entityID]stored) { s := last[id]; s.Value++; last[id] = s },
		"an element is another":        func(last map[entityID]stored) { s := last[id]; s.Elements = []int64{1 << 40}; last[id] = s },
		"the last change is not there": func(last map[entityID]stored) { s := last[id]; s.Sequence--; last[id] = s },
		"the entity is not there":      func(last map[entityID]stored) { delete(last, id) },
		"an answer is not remembered":  func(last map[entityID]stored) { clear(last[id].Remembers) },
		"an answer is remembered wrong": func(last map[entityID]stored) {
			for hash, a := range last[id].Remembers {
				a.Sequence++
				last[id].Remembers[hash] = a
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			last := p.stored()
			plant(last)
			require.Equal(t, []string{StateDiffers}, kinds(checkStored(c, last)))
		})
	}
}

func TestAPlantedFaultInTheRowsIsFound(t *testing.T) {
	c, _ := play(t, 600).check()
	require.Empty(t, checkRows(c.rows, c.rows))
	for id, right := range c.rows {
		wrong := map[rowID]row{id: {Events: right.Events + 1, Sum: right.Sum, Value: right.Value, Sequence: right.Sequence}}
		require.Len(t, checkRows(map[rowID]row{id: right}, wrong), 1)
		require.Len(t, checkRows(map[rowID]row{id: right}, nil), 1)
		require.Len(t, checkRows(nil, wrong), 1)
	}
}

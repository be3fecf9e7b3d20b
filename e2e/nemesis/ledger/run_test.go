package ledger

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// A played is a run as it should be: what the clients know, what the log holds, what changelogs and tables end with.
type played struct {
	book   book
	log    []logged
	states map[entityID]state
}

// play draws a run of one team, by the same draws as the clients'. Each operation overlaps those before and after it.
func play(t *testing.T, operations int) *played {
	t.Helper()
	const seed, every, takes = 1, 10 * time.Millisecond, 25 * time.Millisecond
	r := rand.New(rand.NewPCG(seed, 0))
	p := &played{book: book{source: "0badcafe"}, states: map[entityID]state{}}
	slots := newTeams(teamSize, p.book.source)[0].slots
	for n := range operations {
		s := slots[r.IntN(len(slots))]
		o := &operation{
			command: draw(r, s, n), Number: n, Client: n % teamSize, Asked: 1,
			Called: time.Duration(n) * every, Returned: time.Duration(n)*every + takes,
		}
		before := p.states[o.entity()]
		a, events := before.decide(&o.command)
		o.Answer = &a
		for i, e := range events {
			p.log = append(p.log, logged{
				event: e, entityID: o.entity(), Sequence: before.Sequence + int64(i) + 1,
				Causation: p.book.source + "/" + commandID(n), Partition: records.Partition([]byte(o.ID), shards),
			})
		}
		_, p.states[o.entity()] = before.after(&o.command)
		p.book.operations = append(p.book.operations, o)
		s.told(o.ID, a.Sequence)
	}
	return p
}

// check is what the checks of clients and events find.
func (p *played) check() (*eventCheck, []Finding) {
	c := newEventCheck(&p.book)
	for _, e := range p.log {
		c.take(e)
	}
	c.end()
	return c, append(linearizable(p.book.histories()), c.findings...)
}

// stored are the changelogs' last records.
func (p *played) stored() map[entityID]stored {
	last := map[entityID]stored{}
	for id, s := range p.states {
		last[id] = stored{state: s, Remembers: map[entities.CommandHash]answer{}}
	}
	for _, o := range p.book.operations {
		last[o.entity()].Remembers[entities.HashCommand(p.book.source, commandID(o.Number))] = *o.Answer
	}
	return last
}

// find is the number of the last operation that it is true of; what comes after it in its entity is left open.
func (p *played) find(t *testing.T, is func(*operation) bool) int {
	t.Helper()
	for n := len(p.book.operations) - 1; n >= 0; n-- {
		if is(p.book.operations[n]) {
			return n
		}
	}
	t.Fatal("no such operation was drawn")
	return 0
}

// event is the index of the first event of an operation.
func (p *played) event(t *testing.T, number int) int {
	t.Helper()
	for i, e := range p.log {
		if p.book.caused(e.Causation).Number == number {
			return i
		}
	}
	t.Fatal("it has no event")
	return 0
}

// last is the index of the last event of the entity that the event at i is of.
func (p *played) last(i int) int {
	for j := i; j < len(p.log); j++ {
		if p.log[j].entityID == p.log[i].entityID {
			i = j
		}
	}
	return i
}

func kinds(findings []Finding) []string {
	seen := map[string]bool{}
	all := []string{}
	for _, f := range findings {
		if !seen[f.Kind] {
			seen[f.Kind] = true
			all = append(all, f.Kind)
		}
	}
	return all
}

func TestARunDrawsEverythingThatCanBeAskedAndAnswered(t *testing.T) {
	p := play(t, 600)
	drawn := map[string]bool{}
	for _, o := range p.book.operations {
		drawn[o.Entity+" "+o.Type+" "+string(o.Answer.Status)+o.Answer.Code] = true
	}
	for _, want := range []string{
		"counter Add accepted", "counter Add rejectedout-of-bounds", "counter Add rejectedwrong-sequence", "counter Read accepted",
		"list Append accepted", "list Take accepted", "list Take rejectedempty", "list Empty accepted", "list Read accepted",
	} {
		require.Contains(t, drawn, want)
	}
}

func TestNothingIsFoundInACleanRun(t *testing.T) {
	p := play(t, 600)
	c, findings := p.check()
	require.Empty(t, findings)
	require.Empty(t, checkStored(c, p.stored()))
	require.Equal(t, len(p.log), c.read)
}

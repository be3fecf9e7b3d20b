package simulation

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/replicated"
)

// The replicated values that movements change, by what their events say. A movement of n cents of a group:
//
//	visits, a grow-counter   counts one
//	cents, a counter         counts n, up or down
//	sums, a map of counter   counts n under the group, and under the account; who pays a multiple of three out takes its account's key away instead
//	tags, a set              gets the account by a payment, and loses it by a draw; the same of the group for multiples of four. 0 clears it
//	last, a register         becomes the command that caused it, for multiples of two, at the time that is the account's next sequence
//
// An account's key and tag are its own task's alone, so what becomes of them is exact. A group's are everybody's.
var replicatedTypes = map[string]crdt.Type{
	"visits": typeOf("grow-counter"), "cents": typeOf("counter"), "sums": typeOf("map of counter"), "tags": typeOf("set"), "last": typeOf("register"),
}

func typeOf(written string) crdt.Type {
	t, err := crdt.ParseType(written)
	if err != nil {
		panic(err)
	}
	return t
}

// changes are what a movement asks for.
func changes(c *entities.Command, n int64, group string) []entities.Change {
	account := c.EntityID
	made := []entities.Change{
		{Value: "visits", Operation: crdt.Increment(1)},
		{Value: "cents", Operation: crdt.Increment(n)},
		{Value: "sums", Operation: crdt.Increment(n).At(group)},
	}
	if n < 0 && n%3 == 0 {
		made = append(made, entities.Change{Value: "sums", Operation: crdt.Delete(account)})
	} else {
		made = append(made, entities.Change{Value: "sums", Operation: crdt.Increment(n).At(account)})
	}
	switch {
	case n == 0:
		made = append(made, entities.Change{Value: "tags", Operation: crdt.Clear()})
	case n%4 == 0:
		made = append(made, tag(n, account), tag(n, group))
	default:
		made = append(made, tag(n, account))
	}
	if n%2 == 0 {
		made = append(made, entities.Change{Value: "last", Operation: crdt.Assign(text(c.ID), c.Sequence+1)})
	}
	return made
}

func tag(n int64, element string) entities.Change {
	if n > 0 {
		return entities.Change{Value: "tags", Operation: crdt.Add(text(element))}
	}
	return entities.Change{Value: "tags", Operation: crdt.Remove(text(element))}
}

func text(s string) crdt.Scalar {
	scalar, err := crdt.Text(s)
	if err != nil {
		panic(err) // The workload's texts are short.
	}
	return scalar
}

// saw is what an event says that its decision saw: how many visits, its own account's sum, and at which time that was, at the latest.
func saw(t *behaviors.Turn) string {
	visits, own := t.Replicated("visits").Count(), t.Replicated("sums").At(t.Command.EntityID).Count()
	return fmt.Sprintf("%d %d %d", visits, own, time.Now().UnixMilli())
}

// A move is an event, and what its decision saw.
type move struct {
	*entry
	n               int64
	group, account  string
	cause           string
	sequence        int64
	visits, own, at int64
}

func movedBy(e *entry) move {
	m := move{entry: e, account: string(e.Key), cause: header(e.Record, records.Causation)}
	_, _ = fmt.Sscan(string(e.Value), &m.n, &m.group, &m.visits, &m.own, &m.at) // Accounts write five words.
	m.sequence, _ = strconv.ParseInt(header(e.Record, records.Sequence), 10, 64)
	return m
}

func isContribution(key string) bool {
	return strings.HasPrefix(key, string(entities.ContributionKey("")))
}

// A knowledge is what a life knows of replicated values, looked at by its decisions.
type knowledge struct {
	life   string
	told   *told
	values *replicated.Values

	// mu guards visits: the most that a decision saw. It begins as what had been told to be committed when the life began.
	mu     sync.Mutex
	visits int64
}

func (w *world) newKnowledge(life string) *knowledge {
	k := &knowledge{life: life, told: &w.told, values: replicated.New(replicatedTypes, replicatedTopic)}
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	for _, events := range w.told.counted {
		k.visits += int64(events)
	}
	return k
}

// look judges what the process knows now: a grow-counter never falls.
func (k *knowledge) look() {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.values.View("visits").Count().Int64()
	if now < k.visits {
		k.told.wrong(fmt.Errorf("replicated: %s knows of %d visits, where it knew of %d before", k.life, now, k.visits))
	}
	k.visits = max(k.visits, now)
}

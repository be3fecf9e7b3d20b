package ledger

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An operation is one command, from the first time it was asked to its first answer.
type operation struct {
	command
	// Number is its place among all of a run, from 0; its command id is made of it.
	Number int
	Client int
	// Called and Returned are since the start of the run. Returned is 0 while there is no answer.
	Called, Returned time.Duration
	// Answer is the first one; nil while there is none.
	Answer *answer
	// Asked is how often the command was sent.
	Asked int
}

func (o *operation) entity() entityID { return entityID{o.Entity, o.ID} }

func (o *operation) String() string {
	return fmt.Sprintf("#%d client %d %s/%s [%s, %s] %s → %s", o.Number, o.Client, o.Entity, o.ID, o.Called, o.Returned, &o.command, o.Answer)
}

func (c *command) String() string {
	text := c.Type
	switch c.Type {
	case "Add":
		text = fmt.Sprintf("Add by=%d times=%d group=%s", c.By, c.Times, c.Group)
	case "Append":
		text = fmt.Sprintf("Append element=%d", c.Element)
	}
	if c.Expected >= 0 {
		text += fmt.Sprintf(" at sequence %d", c.Expected)
	}
	return text
}

func (a *answer) String() string {
	if a == nil {
		return "no answer"
	}
	return strings.TrimRight(fmt.Sprintf("%s %s sequence=%d events=%d %s", a.Status, a.Code, a.Sequence, a.Events, a.Reply), " ")
}

// An entityID names an entity.
type entityID struct{ Entity, ID string }

func (e entityID) String() string { return e.Entity + "/" + e.ID }

func (e entityID) compare(other entityID) int {
	return cmp.Or(strings.Compare(e.Entity, other.Entity), strings.Compare(e.ID, other.ID))
}

// A book is what the clients of one run know: every operation, by number.
type book struct {
	// source is the ce_source of the run's commands, and what the ids of its entities and groups begin with. No other run has it.
	source     string
	operations []*operation
}

// commandID is the ce_id of an operation.
func commandID(number int) string { return strconv.Itoa(number) }

// caused is the operation that an event says caused it; nil if it is none of ours.
func (b *book) caused(causation string) *operation {
	id, ours := strings.CutPrefix(causation, b.source+"/")
	number, err := strconv.Atoi(id)
	if !ours || err != nil || number < 0 || number >= len(b.operations) {
		return nil
	}
	return b.operations[number]
}

// ours tells whether a key is that of an entity or a group of this run.
func (b *book) ours(key string) bool { return strings.HasPrefix(key, b.source+"-") }

// histories are the operations of each entity, in the order they were asked.
func (b *book) histories() map[entityID][]*operation {
	all := map[entityID][]*operation{}
	for _, o := range b.operations {
		all[o.entity()] = append(all[o.entity()], o)
	}
	return all
}

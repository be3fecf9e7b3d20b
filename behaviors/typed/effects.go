package typed

import (
	"errors"

	"github.com/partita-io/partita/entities"
)

// Effects are what a command leads to. The zero value accepts the command and changes nothing.
type Effects struct {
	// first and more are pointers to events; most commands cause one.
	first     any
	more      []any
	sent      []sending
	changes   []change
	reply     any
	replies   int
	rejection *entities.Rejection
	deletes   bool
}

// Emit records an event: a struct that one of the entity's Apply functions takes.
func Emit[E any](event E) Effects { return Effects{first: &event} }

// Reply gives the sender a value, written by encoding/json.
func Reply(value any) Effects { return Effects{reply: value, replies: 1} }

// Reject refuses the command. The code is for programs ("account-closed"), the message for people. A rejection stands alone.
func Reject(code, message string) Effects {
	return Effects{rejection: &entities.Rejection{Code: code, Message: message}}
}

// Delete ends the entity with the last event beside it: the state is the initial one again, sequences go on.
func Delete() Effects { return Effects{deletes: true} }

// And is both effects, what e emits, sends and changes before what other does: Emit(Withdrawn{…}).And(Reply(balance)).
func (e Effects) And(other Effects) Effects {
	for event := range other.events {
		if e.first == nil {
			e.first = event
		} else {
			e.more = append(e.more[:len(e.more):len(e.more)], event)
		}
	}
	if e.sent == nil {
		e.sent = other.sent
	} else {
		e.sent = append(e.sent[:len(e.sent):len(e.sent)], other.sent...)
	}
	if e.changes == nil {
		e.changes = other.changes
	} else {
		e.changes = append(e.changes[:len(e.changes):len(e.changes)], other.changes...)
	}
	if other.replies > 0 {
		e.reply = other.reply
	}
	if other.rejection != nil {
		e.rejection = other.rejection
	}
	e.replies += other.replies
	e.deletes = e.deletes || other.deletes
	return e
}

// events yields pointers to the events.
func (e *Effects) events(yield func(any) bool) {
	if e.first == nil || !yield(e.first) {
		return
	}
	for _, event := range e.more {
		if !yield(event) {
			return
		}
	}
}

func (e *Effects) count() int {
	if e.first == nil {
		return 0
	}
	return 1 + len(e.more)
}

// check tells what cannot be together.
func (e *Effects) check() error {
	switch {
	case e.rejection != nil && (e.first != nil || len(e.sent) > 0 || len(e.changes) > 0 || e.replies > 0 || e.deletes):
		return errors.New("returned Reject beside other effects: a rejection stands alone")
	case e.replies > 1:
		return errors.New("returned Reply more than once")
	case e.deletes && e.first == nil:
		return errors.New("returned Delete without Emit: the last event is what ends the entity")
	}
	return nil
}

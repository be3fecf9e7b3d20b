package ledger

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/partita-io/partita/entities"
)

// The limits that the scripts have.
const (
	mostValue    = 100
	mostElements = 12
)

// A command is what one operation asks. Which fields count depends on the type.
type command struct {
	// Entity is counter or list, ID which of them.
	Entity, ID string
	Type       string
	By         int64
	Times      int
	Group      string
	Element    int64
	// Expected is the sequence that the entity must stand at, -1 for any.
	Expected int64
}

// An event is one of any type; the fields that its type lacks are zero.
type event struct {
	Type    string `json:"-"`
	By      int64  `json:"by"`
	Group   string `json:"group"`
	Element int64  `json:"element"`
}

// An answer is what a client was told. Reply is compact JSON. Texts for people and whether it was repeated are left out.
type answer struct {
	Status   entities.Status
	Code     string
	Sequence int64
	Events   int
	Reply    string
}

// A state is that of a counter or a list. Elements are never changed in place.
type state struct {
	Sequence int64
	Value    int64
	Elements []int64
}

func (s state) equal(other state) bool {
	return s.Sequence == other.Sequence && s.Value == other.Value && slices.Equal(s.Elements, other.Elements)
}

// decide is what an entity must answer to a command, and the events it must cause.
func (s state) decide(c *command) (answer, []event) {
	if c.Expected >= 0 && c.Expected != s.Sequence {
		return s.reject(entities.WrongSequence)
	}
	switch c.Type {
	case "Add":
		after := s.Value + c.By*int64(c.Times)
		if after < 0 || after > mostValue {
			return s.reject("out-of-bounds")
		}
		return s.accept(number(after), slices.Repeat([]event{{Type: "Added", By: c.By, Group: c.Group}}, c.Times)...)
	case "Append":
		if len(s.Elements) == mostElements {
			return s.reject("full")
		}
		return s.accept(number(int64(len(s.Elements)+1)), event{Type: "Appended", Element: c.Element})
	case "Take":
		if len(s.Elements) == 0 {
			return s.reject("empty")
		}
		return s.accept(number(s.Elements[0]), event{Type: "Taken", Element: s.Elements[0]})
	case "Empty":
		return s.accept("", event{Type: "Emptied"})
	}
	return s.accept(s.read(c.Entity)) // Read is left.
}

func (s state) reject(code string) (answer, []event) {
	return answer{Status: entities.Rejected, Code: code, Sequence: s.Sequence}, nil
}

func (s state) accept(reply string, events ...event) (answer, []event) {
	return answer{Status: entities.Accepted, Sequence: s.Sequence + int64(len(events)), Events: len(events), Reply: reply}, events
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func (s state) read(entity string) string {
	if entity == counter {
		return number(s.Value)
	}
	b, err := json.Marshal(append([]int64{}, s.Elements...)) // Never null.
	if err != nil {
		panic(err) // Numbers are always JSON.
	}
	return string(b)
}

// evolve is the state after one more event.
func (s state) evolve(e event) state {
	s.Sequence++
	switch e.Type {
	case "Added":
		s.Value += e.By
	case "Appended":
		s.Elements = append(slices.Clip(s.Elements), e.Element)
	case "Taken":
		s.Elements = s.Elements[min(1, len(s.Elements)):]
	case "Emptied":
		s.Elements = nil
	}
	return s
}

// after is the state after a command that is carried out here.
func (s state) after(c *command) (answer, state) {
	a, events := s.decide(c)
	for _, e := range events {
		s = s.evolve(e)
	}
	return a, s
}

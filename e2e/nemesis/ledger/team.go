package ledger

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/partita-io/partita/kafka/records"
)

const (
	teamSize = 3
	// slotsPerTeam: with 24 clients 32 entities live at a time, four on each shard.
	slotsPerTeam = 4
	// lifetime bounds an entity's history, so that it can be checked, and keeps it below what the entity remembers.
	lifetime = 200
	groups   = 10
)

// A team is clients that ask the same entities at the same times, so that what they ask is concurrent.
type team struct {
	number int
	slots  []*slot
}

// A slot is where one entity lives after the other.
type slot struct {
	source string
	index  int
	kind   string

	// mu guards what follows.
	mu      sync.Mutex
	epoch   int
	asked   int
	id      string
	reached int64
}

func newTeams(clients int, source string) []*team {
	teams := make([]*team, (clients+teamSize-1)/teamSize)
	for t := range teams {
		teams[t] = &team{number: t}
		for s := range slotsPerTeam {
			n := &slot{source: source, index: t*slotsPerTeam + s, kind: counter}
			if s%2 == 1 {
				n.kind = list
			}
			n.settle()
			teams[t].slots = append(teams[t].slots, n)
		}
	}
	return teams
}

// settle gives the slot the entity of its epoch, on the shard that it is its turn of: so all shards have entities of both kinds.
func (s *slot) settle() {
	shard := int32(s.index+s.index/int(shards)+s.epoch) % shards
	for salt := 0; ; salt++ {
		s.id = fmt.Sprintf("%s-%d-%d-%d", s.source, s.index, s.epoch, salt)
		if records.Partition([]byte(s.id), shards) == shard {
			break
		}
	}
	s.asked, s.reached = 0, 0
}

// next is the entity that is asked next, and the highest sequence that anybody was told of it.
func (s *slot) next() (id string, reached int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == lifetime {
		s.epoch++
		s.settle()
	}
	s.asked++
	return s.id, s.reached
}

// told notes an answer.
func (s *slot) told(id string, sequence int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == s.id {
		s.reached = max(s.reached, sequence)
	}
}

// draw draws a command to an entity that has reached a sequence. number makes elements unlike one another.
func draw(r *rand.Rand, s *slot, number int) command {
	id, reached := s.next()
	c := command{Entity: s.kind, ID: id, Type: "Read", Expected: -1}
	switch p := r.IntN(100); {
	case s.kind == counter && p < 75:
		c.Type, c.By, c.Times, c.Group = "Add", r.Int64N(50)-20, 1, fmt.Sprintf("%s-g%d", s.source, r.IntN(groups))
		if r.IntN(4) == 0 {
			c.Times = 2 + r.IntN(2)
		}
	case s.kind == list && p < 45:
		c.Type, c.Element = "Append", int64(number)
	case s.kind == list && p < 75:
		c.Type = "Take"
	case s.kind == list && p < 78:
		c.Type = "Empty"
	}
	switch p := r.IntN(28); {
	case p < 3:
		c.Expected = reached
	case p == 3:
		c.Expected = reached + 1 + r.Int64N(2) // Too early, but for what others do meanwhile.
	}
	return c
}

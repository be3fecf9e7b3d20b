package main

import (
	"math/rand/v2"
	"time"
)

// A draw is a fault before it has a victim. The same seed gives the same draws; which of them find a victim depends on the machine.
type draw struct {
	after time.Duration // the draw before
	kind  *kind
	order []int // processes, by preference
	node  int
	lasts time.Duration
	seed  uint64 // for what the kind chooses itself
}

// A schedule draws faults without end.
type schedule struct {
	random           *rand.Rand
	kinds            []*kind
	processes, nodes int
	perMinute        float64
}

func newSchedule(seed uint64, kinds []*kind, processes, nodes int) *schedule {
	s := &schedule{random: rand.New(rand.NewPCG(seed, 0)), kinds: kinds, processes: processes, nodes: nodes}
	for _, k := range kinds {
		s.perMinute += k.often
	}
	return s
}

// next is of a Poisson process: faults do not wait for one another.
func (s *schedule) next() draw {
	k := s.kind()
	return draw{
		after: time.Duration(s.random.ExpFloat64() / s.perMinute * float64(time.Minute)),
		kind:  k,
		order: s.random.Perm(s.processes),
		node:  s.random.IntN(s.nodes),
		lasts: k.shortest + time.Duration(s.random.Float64()*float64(k.longest-k.shortest)),
		seed:  s.random.Uint64(),
	}
}

func (s *schedule) kind() *kind {
	at := s.random.Float64() * s.perMinute
	for _, k := range s.kinds {
		if at -= k.often; at < 0 {
			return k
		}
	}
	return s.kinds[len(s.kinds)-1]
}

// coin falls on one side once in three.
func coin(seed uint64) func() bool {
	random := rand.New(rand.NewPCG(seed, 0))
	return func() bool { return random.IntN(3) == 0 }
}

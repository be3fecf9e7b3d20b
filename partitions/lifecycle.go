package partitions

import "github.com/partita-io/partita/internal/invariants"

// State is where one stay of a shard with this process has come to.
//
//	          ┌────────────┐ broken store, process error, a need that is not met any more
//	          ▼            │
//	Acquiring ──► Running ─┤
//	    │            │     │
//	    └─► Leaving ◄┘─────┘
//	           │
//	           ▼
//	        Closed
//
// Acquiring waits for what the shards need, fences, reads progress and restores; no record is looked at. Running: the lanes have its tasks. Leaving: no record is taken in any
// more, windows that hold some are finished (revoked) or dropped (lost). Closed: the stores are closed, another stay may begin.
type State uint8

// The states of a shard's stay.
const (
	Acquiring State = iota
	Running
	Leaving
	Closed
)

func (s State) String() string {
	return [...]string{"acquiring", "running", "leaving", "closed"}[s]
}

// successors are the legal moves.
var successors = map[State][]State{
	Acquiring: {Running, Leaving},
	Running:   {Leaving, Acquiring},
	Leaving:   {Closed},
	Closed:    {},
}

// transitionTo is the one place where a shard's state changes; only its own goroutine (run) calls it.
func (s *shard) transitionTo(next State) {
	legal := false
	for _, n := range successors[s.state] {
		legal = legal || n == next
	}
	invariants.Check(legal, "shard %d goes from %s to %s", s.number, s.state, next)
	s.state = next
}

package telemetry

import (
	"slices"
	"sync"
)

// shardState is what a process does with a shard it was assigned.
type shardState string

const (
	acquiring shardState = "acquiring"
	running   shardState = "running"
)

// shardStates follows the shards of this process.
type shardStates struct {
	// mu guards of.
	mu sync.Mutex
	of map[int32]shardState
}

func newShardStates() *shardStates { return &shardStates{of: map[int32]shardState{}} }

func (s *shardStates) set(shard int32, state shardState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[shard] = state
}

func (s *shardStates) remove(shard int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, shard)
}

func (s *shardStates) counts() map[shardState]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := make(map[shardState]int)
	for _, state := range s.of {
		counts[state]++
	}
	return counts
}

// in lists the shards in a state, lowest first; never nil, so that JSON shows a list.
func (s *shardStates) in(state shardState) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []int32{}
	for shard, is := range s.of {
		if is == state {
			list = append(list, shard)
		}
	}
	slices.Sort(list)
	return list
}

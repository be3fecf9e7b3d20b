package partitions

import (
	"context"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
)

// A manager turns the group's callbacks into stays of shards. Callbacks only hand over: restoring, flushing and asking brokers happen on the
// shards' own goroutines.
//
// Assigned, revoked and lost are three roads. Revoked: the shards are still ours until the callback returns, so their windows are finished.
// Lost: they are somebody else's already, everything is dropped. And every callback compares member ids first: an eviction that kgo reports as
// a revocation, or not at all because the same shards came back, has changed the id, and everything held under the old one is lost.
type manager struct {
	engine *engine

	// mu guards the rest. Callbacks come one at a time; shutdown and questions come from elsewhere.
	mu     sync.Mutex
	member string
	held   map[int32]*shard
	// last is the latest stay of each shard, ended or not: the next one waits for it.
	last map[int32]*shard
	// ending: what is assigned from now on is not taken, as nobody would ask for it back.
	ending bool
}

func newManager(rt *engine) *manager {
	return &manager{engine: rt, held: make(map[int32]*shard), last: make(map[int32]*shard)}
}

// finishWithin is how long a revocation waits for windows to be committed: less than the rebalance may take, as the others wait too.
const finishWithin = client.RebalanceTimeout / 3

func (m *manager) assigned(_ context.Context, cl *kgo.Client, partitions map[string][]int32) {
	m.engine.mixture.rebalanced()
	m.engine.group.joined()
	member, _ := cl.GroupMetadata()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.noteMemberLocked(member, nil)
	for _, number := range partitions[m.engine.progressTopic] {
		// Partitions that somebody has added to the progress topic are no shards: what would be theirs belongs to others.
		if m.held[number] == nil && number < m.engine.config.Shards {
			m.acquireLocked(number)
		}
	}
}

func (m *manager) revoked(_ context.Context, cl *kgo.Client, partitions map[string][]int32) {
	member, _ := cl.GroupMetadata()
	numbers := partitions[m.engine.progressTopic]
	m.mu.Lock()
	m.noteMemberLocked(member, numbers)
	var leaving []*shard
	// All are marked before any is waited for, so that one window can finish several.
	for _, number := range numbers {
		if s := m.held[number]; s != nil {
			delete(m.held, number)
			s.leave()
			leaving = append(leaving, s)
		}
	}
	m.mu.Unlock()
	awaitLeft(leaving, finishWithin)
}

func (m *manager) lost(context.Context, *kgo.Client, map[string][]int32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// A member loses all or nothing, whatever is listed.
	for number, s := range m.held {
		delete(m.held, number)
		s.owner.lose()
		s.leave()
	}
	m.member = ""
}

// awaitLeft waits until the shards are out of the lanes; those that take longer are lost, so that nothing of theirs is committed any more.
func awaitLeft(shards []*shard, patience time.Duration) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for _, s := range shards {
		select {
		case <-s.left:
		case <-deadline.C:
			for _, late := range shards {
				late.owner.lose()
			}
			return
		}
	}
}

// noteMemberLocked compares member ids. Under a new one everything held before is lost, and what is not being revoked now is acquired afresh:
// kgo compares with its old assignment, so it will not list it as assigned.
func (m *manager) noteMemberLocked(member string, revokedNow []int32) {
	if member == "" {
		// Between two memberships: the next callback will tell.
		return
	}
	before := m.member
	m.member = member
	if before == "" || before == member {
		return
	}
	revoked := make(map[int32]bool)
	for _, number := range revokedNow {
		revoked[number] = true
	}
	for number, s := range m.held {
		s.owner.lose()
		s.leave()
		delete(m.held, number)
		if !revoked[number] {
			m.acquireLocked(number)
		}
	}
}

func (m *manager) acquireLocked(number int32) {
	if m.ending {
		return
	}
	s := newShard(m.engine, number, m.member, m.last[number])
	m.held[number], m.last[number] = s, s
	m.engine.shards.Go(func() { s.run(m.engine.ctx) })
}

// leaveAll ends every stay, for a shutdown. The shards stay held: we are a member until the group is told, so it may ask for them meanwhile, and must
// wait for the windows as at any other time. If it did not,
//
//  1. we are told to end, with a window on its way and another decided;
//  2. a rebalance takes a shard, which nobody here holds any more: the hand-over waits for nothing, and we are a member of the new generation;
//  3. the new owner reads to the end of the log;
//  4. the second window asks for its fence, under a member id and a generation that are good, and is committed behind the new owner's back.
func (m *manager) leaveAll(patience time.Duration) {
	m.mu.Lock()
	m.ending = true
	var all []*shard
	for _, s := range m.held {
		s.leave()
		all = append(all, s)
	}
	m.mu.Unlock()
	awaitLeft(all, patience)
}

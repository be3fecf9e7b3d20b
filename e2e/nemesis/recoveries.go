package main

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/partita-io/partita/e2e/nemesis/ledger"
)

// underWay is how long after a fault a commit may be seen that was under way when it struck. It is no recovery.
const underWay = 250 * time.Millisecond

// recoveries measures how long shards wait for a commit after a fault.
type recoveries struct {
	mu   sync.Mutex
	runs map[int32]string // who committed last, by shard
	open []*wait
	took map[string][]time.Duration // by kind
}

// A wait is one shard's after one fault.
type wait struct {
	kind  *kind
	shard int32
	run   string // which committed last before
	since time.Time
}

func newRecoveries() *recoveries {
	return &recoveries{runs: make(map[int32]string), took: make(map[string][]time.Duration)}
}

// striking begins to wait for the shards; undo is for a fault that did not come about.
func (r *recoveries) striking(k *kind, shards []int32, at time.Time) (undo func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	begun := make(map[*wait]bool)
	for _, shard := range shards {
		w := &wait{kind: k, shard: shard, run: r.runs[shard], since: at}
		r.open, begun[w] = append(r.open, w), true
	}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open = slices.DeleteFunc(r.open, func(w *wait) bool { return begun[w] })
	}
}

// follow takes commits until there are no more.
func (r *recoveries) follow(commits <-chan ledger.Commit) {
	for c := range commits {
		r.seen(c)
	}
}

func (r *recoveries) seen(c ledger.Commit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A window is named run/lane#number.
	run, _, _ := strings.Cut(c.Window, "/")
	r.runs[c.Shard] = run
	r.open = slices.DeleteFunc(r.open, func(w *wait) bool {
		if w.shard != c.Shard || !w.endedBy(run, c.At) {
			return false
		}
		r.took[w.kind.name] = append(r.took[w.kind.name], c.At.Sub(w.since))
		return true
	})
}

func (w *wait) endedBy(run string, at time.Time) bool {
	return at.Sub(w.since) >= underWay && (!w.kind.endsRun || run != w.run)
}

// unrecovered is how many waits no commit has ended, by kind.
func (r *recoveries) unrecovered() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := make(map[string]int)
	for _, w := range r.open {
		count[w.kind.name]++
	}
	return count
}

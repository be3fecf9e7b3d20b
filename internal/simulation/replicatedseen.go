package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/partita-io/partita/entities"
)

// movements are the events of a shard, in their order.
func (w *world) movements(shard int32) []move {
	var all []move
	for _, e := range w.history.log(eventsTopic, shard) {
		all = append(all, movedBy(e))
	}
	return all
}

// checkSeen judges what decisions saw, as their events say: at least what their own task had committed by transactions before, and of the others no more than
// what they had committed by then; of a key that is the account's own exactly what the account had done, in the same window too.
func (w *world) checkSeen() error {
	var byShard [shards][]move
	for shard := range byShard {
		byShard[shard] = w.movements(int32(shard))
	}
	var errs []error
	for shard, log := range byShard {
		own := map[string]int64{}
		before := 0
		for i, m := range log {
			if i > 0 && log[i-1].transaction != m.transaction {
				before = i
			}
			others := 0
			for other, theirs := range byShard {
				if other != shard {
					others += endedBy(theirs, m.at)
				}
			}
			if m.visits < int64(before) || m.visits > int64(i+others) {
				errs = append(errs, fmt.Errorf("replicated: %s saw %d visits, where its task had committed %d before, and others %d", place(m.entry), m.visits, before, others))
			}
			if m.own != own[m.account] {
				errs = append(errs, fmt.Errorf("replicated: %s saw a sum of %d for its account %s, which had made it %d", place(m.entry), m.own, m.account, own[m.account]))
			}
			if m.n < 0 && m.n%3 == 0 {
				delete(own, m.account)
			} else {
				own[m.account] += m.n
			}
		}
	}
	return errors.Join(some(errs)...)
}

// endedBy is how many of the movements were committed at a time. Those of a shard end in their order.
func endedBy(log []move, at int64) int {
	n, _ := slices.BinarySearchFunc(log, at, func(m move, at int64) int {
		if m.transaction.ended <= at {
			return -1
		}
		return 1
	})
	return n
}

// checkContributions: a contribution is in the topic with the same bytes as in its task's changelog, by the same transaction.
func (w *world) checkContributions() error {
	stored, published := map[*transaction]map[string]string{}, map[*transaction]map[string]string{}
	note := func(all map[*transaction]map[string]string, e *entry, key string) {
		if all[e.transaction] == nil {
			all[e.transaction] = map[string]string{}
		}
		all[e.transaction][key] = string(e.Value)
	}
	w.history.committed(changelogTopic, func(e *entry) {
		if name, ok := strings.CutPrefix(string(e.Key), string(entities.ContributionKey(""))); ok {
			note(stored, e, fmt.Sprintf("%s/account/%d", name, e.Partition))
		}
	})
	w.history.committed(replicatedTopic, func(e *entry) { note(published, e, string(e.Key)) })
	var errs []error
	for t, values := range stored {
		errs = append(errs, differences(fmt.Sprintf("replicated: contribution in transaction %v", t.writer), values, published[t], func(a, b string) bool { return a == b }))
	}
	for t := range published {
		if stored[t] == nil {
			errs = append(errs, fmt.Errorf("replicated: transaction %v publishes contributions that are not in the changelog: %v", t.writer, slices.Sorted(maps.Keys(published[t]))))
		}
	}
	return errors.Join(errs...)
}

package simulation

import (
	"errors"
	"fmt"
)

// checkRestored: invariant 8, a restore is complete when the position has passed the end asked for after the assignment. When a shard was said to run,
// each key of its stores had the last value below the end that the changelog had when the shard began to be acquired, or a later one.
func (w *world) checkRestored() error {
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	var errs []error
	for _, s := range w.told.stays {
		for topic, held := range s.running {
			component := componentOf(topic)
			log := w.history.log(topic, s.shard)
			for _, key := range keysOf(component, s.shard) {
				value, there := held[key]
				if !reached(log, key, value, there, s.ends[topic]) {
					errs = append(errs, fmt.Errorf("invariant 8: %s runs shard %d, and its store of %s has %q for %s (%v), which is older than the end %d of the changelog", s.life, s.shard,
						component, value, key, there, s.ends[topic]))
				}
			}
		}
	}
	return errors.Join(some(errs)...)
}

func componentOf(changelog string) string {
	for component, topic := range changelogs {
		if topic == changelog {
			return component
		}
	}
	return ""
}

// reached tells whether a key had the value at the end given, or later. No value is a value, too.
func reached(log []*entry, key, value string, there bool, end int64) bool {
	current, is := "", false
	for _, e := range log {
		if e.Offset >= end && current == value && is == there {
			return true
		}
		if string(e.Key) == key {
			current, is = string(e.Value), e.Value != nil
		}
	}
	return current == value && is == there
}

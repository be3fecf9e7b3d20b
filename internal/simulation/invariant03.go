package simulation

import (
	"errors"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// checkTold: invariant 3, nothing is visible outside before its transaction is committed. What was counted, and what a view showed, must have been
// committed by a marker that was in the log at that moment. Replies are in the transaction themselves: checkWhole sees to them.
func (w *world) checkTold() error {
	w.told.mu.Lock()
	defer w.told.mu.Unlock()
	var errs []error
	for _, c := range w.told.counts {
		committed := 0
		for _, e := range w.history.log(eventsTopic, c.shard) {
			if e.marker < c.end {
				committed++
			}
		}
		if c.total > committed {
			errs = append(errs, fmt.Errorf("invariant 3: %d events of shard %d were counted when %d were committed (end %d)", c.total, c.shard, committed, c.end))
		}
	}
	for _, v := range w.told.views {
		if !w.wasCommitted(v) {
			errs = append(errs, fmt.Errorf("invariant 3: %s showed %q for %s of %s, which was not committed below %d", v.life, v.value, v.key, v.topic, v.end))
		}
	}
	return errors.Join(some(errs)...)
}

func (w *world) wasCommitted(v viewed) bool {
	if v.value == nil {
		return true
	}
	for _, e := range w.history.log(v.topic, records.Partition([]byte(v.key), shards)) {
		if string(e.Key) == v.key && string(e.Value) == string(v.value) && e.marker < v.end {
			return true
		}
	}
	return false
}

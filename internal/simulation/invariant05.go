package simulation

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/partita-io/partita/kafka/records"
)

// checkSequences: invariant 5, sequences of an entity have no gap and no double, in the order of the log; all its events lie on one partition.
func (w *world) checkSequences() error {
	var errs []error
	last, partition := map[string]int{}, map[string]int32{}
	w.history.committed(eventsTopic, func(e *entry) {
		key := string(e.Key)
		n, err := strconv.Atoi(header(e.Record, records.Sequence))
		if err != nil || n != last[key]+1 {
			errs = append(errs, fmt.Errorf("invariant 5: event %s of %s has the sequence %q after %d", place(e), key, header(e.Record, records.Sequence), last[key]))
		}
		if before, ok := partition[key]; ok && before != e.Partition {
			errs = append(errs, fmt.Errorf("invariant 5: events of %s are on partitions %d and %d", key, before, e.Partition))
		}
		last[key], partition[key] = n, e.Partition
	})
	return errors.Join(some(errs)...)
}

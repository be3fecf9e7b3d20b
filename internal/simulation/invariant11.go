package simulation

import (
	"errors"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// checkOrder: invariant 11, the log's order is the windows' order. On every partition, records of a lane's windows follow each other as the windows
// do, which their progress records number.
func (w *world) checkOrder() error {
	windows := map[*transaction]records.Window{}
	w.history.committed(progressTopic, func(e *entry) {
		if p, err := records.ParseProgress(e.Value); err == nil {
			windows[e.transaction] = p.Window
		}
	})
	var errs []error
	for at, p := range w.history.partitions {
		last := map[string]uint64{}
		for _, e := range p.entries {
			window, ok := windows[e.transaction]
			if !ok || !e.committed || e.transaction == nil {
				continue
			}
			if window.Number < last[window.Instance] {
				errs = append(errs, fmt.Errorf("invariant 11: %s/%d has window %d of %s after its window %d", at, e.Offset, window.Number, window.Instance, last[window.Instance]))
			}
			last[window.Instance] = window.Number
		}
	}
	return errors.Join(some(errs)...)
}

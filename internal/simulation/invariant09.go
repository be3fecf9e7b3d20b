package simulation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// accounting are the tallies of which an input of the write side has one.
var accounting = []partitions.TallyKind{partitions.CommandDecided, partitions.CommandForwarded, partitions.MessageHandled}

// checkWindow: invariants 9 and 10, as far as one window tells. Of the write side each input is decided or forwarded, once. Where entities are parked
// a window decides what came in earlier ones, too: only the log and the model can tell then.
func (w *world) checkWindow(l *life, e partitions.WindowEvent) {
	w.checkSize(l, e)
	if e.Side != partitions.WriteSide || len(e.Tasks) == 0 || w.onFailure == entities.Park {
		return
	}
	accounted := 0
	for _, task := range e.Tasks {
		for _, t := range task.Tallies {
			if slices.Contains(accounting, t.Kind) {
				accounted++
			}
		}
	}
	if accounted != e.Records {
		w.told.wrongs = append(w.told.wrongs, fmt.Errorf("invariant 9: %s counts %d commands of %d in a window", l.name, accounted, e.Records))
	}
}

// checkAccounted: invariant 9, an input that cannot be processed is never dropped. Every command was passed by its component's position, and none was
// buried that has an event too. compareDeadLetters has which must be dead letters, compareForwards which must be forwarded.
func (w *world) checkAccounted() error {
	passed, errs := w.passedBy()
	sources := w.sourcesOf()
	w.history.committed(commandsTopic, func(e *entry) {
		if passed[place(e)] == nil {
			errs = append(errs, fmt.Errorf("invariant 9: no position has passed the command %s", place(e)))
		}
	})
	buried := map[string]int{}
	w.history.committed(deadLettersTopic, func(e *entry) { buried[header(e.Record, records.DeadLetterSource)]++ })
	w.history.committed(outside, func(e *entry) {
		if passed[place(e)] == nil {
			errs = append(errs, fmt.Errorf("invariant 9: no position has passed the message %s", place(e)))
		}
	})
	for command, times := range buried {
		if times > 1 {
			errs = append(errs, fmt.Errorf("invariant 9: the command %s has %d dead letters", command, times))
		}
	}
	w.history.committed(eventsTopic, func(e *entry) {
		from := sources.byCause[header(e.Record, records.Causation)]
		if len(from) == 1 && buried[from[0]] > 0 {
			errs = append(errs, fmt.Errorf("invariant 9: the command %s has an event and a dead letter", from[0]))
		}
	})
	return errors.Join(some(append(errs, w.told.wrongs...))...)
}

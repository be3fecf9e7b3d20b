package simulation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// checkOnce: invariant 7, a command id is applied at most once; asked again, it is answered as before. Fewer ids are in use at a time than an entity
// remembers. A command of this workload makes one event at most.
func (w *world) checkOnce() error {
	var errs []error
	applied := map[string]string{}
	w.history.committed(eventsTopic, func(e *entry) {
		cause := string(e.Key) + " " + header(e.Record, records.Causation)
		if before, ok := applied[cause]; ok {
			errs = append(errs, fmt.Errorf("invariant 7: command %s was applied at %s and at %s", cause, before, place(e)))
		}
		applied[cause] = place(e)
	})
	ids := map[string]string{}
	w.history.committed(commandsTopic, func(e *entry) {
		if id := header(e.Record, records.ID); id != "" {
			ids[header(e.Record, records.CorrelationID)] = string(e.Key) + " " + id
		}
	})
	first := map[string]string{}
	w.history.committed(repliesTopic, func(e *entry) {
		id := ids[header(e.Record, records.CorrelationID)]
		answer, err := entities.ParseAnswer(e.Value)
		if err != nil || id == "" || answer.Status == entities.Failed {
			return
		}
		text := strings.Join([]string{string(answer.Status), answer.Code, fmt.Sprint(answer.Sequence), string(answer.Reply)}, " ")
		if before, ok := first[id]; ok && before != text {
			errs = append(errs, fmt.Errorf("invariant 7: command %s was answered %q, and again %q", id, before, text))
		}
		first[id] = text
	})
	return errors.Join(some(errs)...)
}

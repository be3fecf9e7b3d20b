package simulation

import (
	"errors"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// checkWhole: invariant 6, all effects of one command are in one transaction: the event, the reply, the dead letter, the state and the position that
// passes the command, or, if it waited with a parked entity, the record that takes it away and the position that passes the operation; and a transaction
// has one fate on all partitions.
func (w *world) checkWhole() error {
	var errs []error
	passed, wrong := w.passedBy()
	errs = append(errs, wrong...)
	left := w.leftBy()
	for _, t := range w.history.transactions {
		for _, e := range t.entries {
			if e.committed != t.committed() || e.marker < 0 {
				errs = append(errs, fmt.Errorf("invariant 6: transaction %v is torn: %s is committed: %v (marker %d), %s is committed: %v", t.writer, place(e), e.committed, e.marker,
					place(t.entries[0]), t.committed()))
			}
		}
	}
	sources := w.sourcesOf()
	for topic, caused := range map[string]func(*entry) []string{
		eventsTopic:      func(e *entry) []string { return sources.byCause[header(e.Record, records.Causation)] },
		repliesTopic:     func(e *entry) []string { return sources.byCorrelation[header(e.Record, records.CorrelationID)] },
		deadLettersTopic: func(e *entry) []string { return []string{header(e.Record, records.DeadLetterSource)} },
	} {
		w.history.committed(topic, func(e *entry) {
			for _, command := range caused(e) {
				if passed[command] == e.transaction || left[command] == e.transaction {
					return
				}
			}
			errs = append(errs, fmt.Errorf("invariant 6: no command that %s may come from (%v) was passed in its transaction %v", place(e), caused(e), e.transaction.writer))
		})
	}
	errs = append(errs, w.checkSentWhole(passed, left)...)
	operated := map[*transaction]bool{}
	w.history.committed(commandsTopic, func(e *entry) {
		if header(e.Record, records.Operation) != "" {
			operated[passed[place(e)]] = true
		}
	})
	for command, t := range left {
		if !operated[t] {
			errs = append(errs, fmt.Errorf("invariant 6: the command %s was taken from those that wait in transaction %v, which passes no operation", command, t.writer))
		}
	}
	w.history.committed(eventsTopic, func(e *entry) {
		if !e.transaction.has(changelogTopic, e.Partition, e.Key) {
			errs = append(errs, fmt.Errorf("invariant 6: the transaction of event %s has no state of %s", place(e), e.Key))
		}
	})
	return errors.Join(some(errs)...)
}

func (t *transaction) has(topic string, partition int32, key []byte) bool {
	for _, e := range t.entries {
		if e.Topic == topic && e.Partition == partition && string(e.Key) == string(key) {
			return true
		}
	}
	return false
}

// passedBy tells in which transaction a position passed each command, and each message outside.
func (w *world) passedBy() (passed map[string]*transaction, wrong []error) {
	passed = map[string]*transaction{}
	position := map[records.TopicPartition]records.Position{}
	w.history.committed(progressTopic, func(e *entry) {
		key, err := records.ParseProgressKey(string(e.Key))
		p, parseErr := records.ParseProgress(e.Value)
		if err := errors.Join(err, parseErr); err != nil {
			wrong = append(wrong, err)
			return
		}
		if key.Topic != commandsTopic && key.Topic != outside {
			return
		}
		for o := position[key.TopicPartition]; o < p.Position; o++ {
			passed[fmt.Sprintf("%s/%d/%d", key.Topic, key.Partition, o)] = e.transaction
		}
		position[key.TopicPartition] = p.Position
	})
	return passed, wrong
}

// sources are the places of commands, by what their effects name them.
type sources struct{ byCause, byCorrelation map[string][]string }

func (w *world) sourcesOf() sources {
	s := sources{map[string][]string{}, map[string][]string{}}
	w.history.committed(commandsTopic, func(e *entry) {
		cause := records.CommandID(header(e.Record, records.Source), header(e.Record, records.ID))
		if cause == "" {
			cause = place(e)
		}
		s.byCause[cause] = append(s.byCause[cause], place(e))
		if c := header(e.Record, records.CorrelationID); c != "" {
			s.byCorrelation[c] = append(s.byCorrelation[c], place(e))
		}
	})
	return s
}

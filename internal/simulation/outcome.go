package simulation

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// checkOutcome compares events, answers, dead letters, states and rows with the model. It is asked again and again until it finds nothing.
func (w *world) checkOutcome() error {
	stable, err := w.history.read(w.t.Context())
	if err != nil {
		return err
	}
	if !stable {
		return errors.New("a transaction is open")
	}
	m := newModel(w.onFailure == entities.Park)
	w.history.committed(commandsTopic, func(e *entry) { m.foresee(e) })
	w.history.committed(commandsTopic, func(e *entry) { m.take(e.Record) })
	w.history.committed(outside, func(e *entry) { m.subscribed(e) })
	return errors.Join(
		w.compareEvents(m), w.compareAnswers(m), w.compareDeadLetters(m), w.compareStates(m), w.compareParked(m), w.compareGroups(m), w.compareBalances(m),
		w.compareForwards(), w.compareMessages(m), w.compareReplicated(),
	)
}

// Each accepted command has its event, once, in the order of the commands, with the next sequence.
func (w *world) compareEvents(m *model) error {
	got := map[string][]string{}
	w.history.committed(eventsTopic, func(e *entry) {
		key := string(e.Key)
		m := movedBy(e)
		got[key] = append(got[key], fmt.Sprintf("%s %+d %s <%s", header(e.Record, records.Sequence), m.n, m.group, m.cause))
	})
	return differences("events of", m.events, got, func(a, b []string) bool { return slices.Equal(a, b) })
}

// Each command that asked for an answer has one, and it is the one that the model gives.
func (w *world) compareAnswers(m *model) error {
	got, first := map[string]string{}, map[string]*entry{}
	var errs []error
	w.history.committed(repliesTopic, func(e *entry) {
		correlation := header(e.Record, records.CorrelationID)
		a, err := entities.ParseAnswer(e.Value)
		if err != nil {
			errs = append(errs, err)
			return
		}
		text := fmt.Sprintf("%s %s %d", a.Status, a.Code, a.Sequence)
		if a.Status == entities.Accepted {
			text = fmt.Sprintf("accepted %d reply %s", a.Sequence, a.Reply)
		}
		if a.Repeated {
			text += " again"
		}
		if before, ok := got[correlation]; ok {
			errs = append(errs, fmt.Errorf("command %s is answered twice: %s at %s by %v, %s at %s by %v", correlation, before, place(first[correlation]),
				first[correlation].transaction, text, place(e), e.transaction))
		}
		got[correlation], first[correlation] = text, e
	})
	return errors.Join(append(errs, differences("answer to", m.answers, got, func(a, b string) bool { return a == b }))...)
}

// Each command that cannot be decided is a dead letter, once.
func (w *world) compareDeadLetters(m *model) error {
	got := map[string]int{}
	w.history.committed(deadLettersTopic, func(e *entry) { got[header(e.Record, records.DeadLetterSource)]++ })
	return differences("dead letters of", m.dead, got, func(a, b int) bool { return a == b })
}

// The changelog ends with the states that the events lead to.
func (w *world) compareStates(m *model) error {
	want, got := map[string]string{}, map[string]string{}
	for key, a := range m.accounts {
		if a.sequence > 0 {
			want[key] = fmt.Sprintf("%d %d", a.sequence, a.cents)
		}
	}
	var errs []error
	for key, value := range w.history.latest(changelogTopic) {
		if entities.IsReserved([]byte(key)) {
			continue // A waiting command, or a contribution to a replicated value.
		}
		stored, err := entities.ParseStored(value)
		errs = append(errs, err)
		if stored.Sequence > 0 {
			got[key] = fmt.Sprintf("%d %s", stored.Sequence, stored.State)
		}
	}
	return errors.Join(append(errs, differences("state of", want, got, func(a, b string) bool { return a == b }))...)
}

func (w *world) compareGroups(m *model) error {
	want := map[string]string{}
	for group, g := range m.groups {
		want[group] = fmt.Sprintf("%d %d", g[0], g[1])
	}
	return w.compareRows(groupsTopic, want)
}

func (w *world) compareBalances(m *model) error {
	want := map[string]string{}
	for key, a := range m.accounts {
		if a.sequence > 0 {
			want[key] = fmt.Sprintf("%d %d", a.sequence, a.cents)
		}
	}
	return w.compareRows(balancesTopic, want)
}

func (w *world) compareRows(topic string, want map[string]string) error {
	got := map[string]string{}
	for key, value := range w.history.latest(topic) {
		got[key] = string(value)
	}
	return differences(topic+" row", want, got, func(a, b string) bool { return a == b })
}

// A command on a foreign partition is forwarded, once.
func (w *world) compareForwards() error {
	misplaced, forwarded := map[string]int{}, map[string]int{}
	w.history.committed(commandsTopic, func(e *entry) {
		if records.Partition(e.Key, shards) != e.Partition {
			misplaced[place(e)] = 1
		}
		if from := header(e.Record, records.Forwarded); from != "" {
			forwarded[from]++
		}
	})
	return differences("forwards of", misplaced, forwarded, func(a, b int) bool { return a == b })
}

// place names a record.
func place(e *entry) string { return fmt.Sprintf("%s/%d/%d", e.Topic, e.Partition, e.Offset) }

// differences are those of two maps, at most some.
func differences[V any](what string, want, got map[string]V, equal func(a, b V) bool) error {
	var errs []error
	keys := slices.Sorted(maps.Keys(want))
	for key := range got {
		if _, ok := want[key]; !ok {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		a, wanted := want[key]
		b, there := got[key]
		if wanted != there || !equal(a, b) {
			errs = append(errs, fmt.Errorf("%s %s:\n  want %v\n  got  %v", what, key, any(a), any(b)))
		}
		if len(errs) == 5 {
			return errors.Join(append(errs, errors.New("…"))...)
		}
	}
	return errors.Join(errs...)
}

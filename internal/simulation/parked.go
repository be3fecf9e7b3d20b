package simulation

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
)

// A modelOperation is what an operator asked for, as far as it got. A task takes a long one in several steps and writes a record for each further one,
// behind what is in the log by then. How far a step goes is the task's to choose; that it is gone on with, and to which end, is not.
type modelOperation struct {
	// goneOn are the numbers of the first command that each further step begins with.
	goneOn  []int64
	decided int
}

// foresee notes the further steps of operations, which a task has written.
func (m *model) foresee(e *entry) {
	if e.transaction != nil && header(e.Record, records.Operation) != "" {
		o := m.operation(e.Record)
		o.goneOn = append(o.goneOn, orderOf(e.Record).Number)
	}
}

func (m *model) operation(r *kgo.Record) *modelOperation {
	correlation := header(r, records.CorrelationID)
	if m.operations[correlation] == nil {
		m.operations[correlation] = &modelOperation{}
	}
	return m.operations[correlation]
}

type modelOrder struct {
	Number int64
	Only   bool
}

func orderOf(r *kgo.Record) (o modelOrder) {
	if err := json.Unmarshal(r.Value, &o); err != nil {
		panic(err) // The workload and tasks write orders.
	}
	return o
}

// operate carries out one step of an operation.
func (m *model) operate(a *modelAccount, operation string, r *kgo.Record) {
	o, order, answer := m.operation(r), orderOf(r), func(format string, args ...any) {
		m.answers[header(r, records.CorrelationID)] = fmt.Sprintf(format, args...)
	}
	goesOn, end := len(o.goneOn) > 0, int64(-1)
	switch {
	case len(a.waiting) == 0:
		answer("rejected not-parked %d", a.sequence)
		return
	case order.Number != a.first:
		answer("rejected wrong-number %d", a.sequence)
		return
	case goesOn:
		end, o.goneOn = o.goneOn[0], o.goneOn[1:]
	}
	if operation == records.Skip && end != a.first {
		m.bury(a, a.waiting[0], a.reason)
		m.leave(a, o)
	}
	for stopped := operation == records.Skip && order.Only; !stopped && len(a.waiting) > 0 && a.first != end; {
		if m.decide(a, a.waiting[0]) {
			m.leave(a, o)
		} else {
			a.reason, stopped = "behavior", true
		}
	}
	switch {
	case goesOn:
	case len(a.waiting) == 0:
		answer(`accepted %d reply {"decided":%d,"waiting":0}`, a.sequence, o.decided)
	case a.reason == "untried":
		answer(`accepted %d reply {"decided":%d,"waiting":%d,"reason":"untried"}`, a.sequence, o.decided, len(a.waiting))
	default:
		answer(`accepted %d reply {"decided":%d,"waiting":%d,"reason":"behavior","message":"as asked"}`, a.sequence, o.decided, len(a.waiting))
	}
}

// leave takes the first that waits away.
func (m *model) leave(a *modelAccount, o *modelOperation) {
	a.waiting, a.reason = a.waiting[1:], "untried"
	a.first++
	o.decided++
}

// What waits with parked accounts is in their changelog and in the topic that shows it, in the order of the commands; and an account says how many.
func (w *world) compareParked(m *model) error {
	want, shown, stored := map[string]string{}, map[string]string{}, map[string]string{}
	wantParked, parked := map[string]string{}, map[string]string{}
	for key, a := range m.accounts {
		for i, c := range a.waiting {
			want[fmt.Sprintf("account/%d/%s", a.first+int64(i), key)] = c.at
		}
		if len(a.waiting) > 0 {
			wantParked[key] = fmt.Sprintf("%d to %d, %s", a.first, a.first+int64(len(a.waiting)), a.reason)
		}
	}
	for key, r := range w.shownCommands() {
		shown[key] = header(r, records.DeadLetterSource)
	}
	var errs []error
	for key, value := range w.history.latest(changelogTopic) {
		if isContribution(key) {
			continue
		}
		if entities.IsReserved([]byte(key)) {
			c, err := entities.ParseWaiting(value)
			errs = append(errs, err)
			stored[key] = fmt.Sprintf("%s/%d/%d", c.Topic, c.Partition, c.Offset)
			continue
		}
		s, err := entities.ParseStored(value)
		if errs = append(errs, err); s.Parked != nil {
			parked[key] = fmt.Sprintf("%d to %d, %s", s.Parked.First, s.Parked.Next, s.Parked.Reason)
		}
	}
	wantStored := map[string]string{}
	for key, a := range m.accounts {
		for i, c := range a.waiting {
			wantStored[string(entities.WaitingKey(key, a.first+int64(i)))] = c.at
		}
	}
	equal := func(a, b string) bool { return a == b }
	return errors.Join(append(errs, differences("waiting command shown as", want, shown, equal), differences("waiting command stored as", wantStored, stored, equal),
		differences("parked account", wantParked, parked, equal))...)
}

// leftBy tells in which transaction each waiting command, by the place it came from, was taken away.
func (w *world) leftBy() map[string]*transaction {
	left, source := map[string]*transaction{}, map[string]string{}
	w.history.committed(parkedTopic, func(e *entry) {
		if e.Value == nil {
			left[source[string(e.Key)]] = e.transaction
		} else {
			source[string(e.Key)] = header(e.Record, records.DeadLetterSource)
		}
	})
	return left
}

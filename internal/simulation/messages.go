package simulation

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/partita-io/partita/kafka/records"
)

// subscribed is what comes of a message outside.
func (m *model) subscribed(e *entry) {
	var n, group, to string
	_, _ = fmt.Sscan(string(e.Value), &n, &group, &to) // The workload writes three words.
	m.sent[place(e)] = fmt.Sprintf("%s pay %s %s", to, n, group)
}

// What decisions and subscriptions send is in the logs, once: commands for other accounts, answers that become commands, messages that are published.
func (w *world) compareMessages(m *model) error {
	sent, told, published := map[string]string{}, map[string]string{}, map[string]string{}
	var errs []error
	once := func(all map[string]string, what, cause, text string) {
		if before, ok := all[cause]; ok {
			errs = append(errs, fmt.Errorf("%s of %s is there twice: %s, %s", what, cause, before, text))
		}
		all[cause] = text
	}
	w.history.committed(commandsTopic, func(e *entry) {
		cause := header(e.Record, records.Causation)
		switch {
		case header(e.Record, records.Sender) == "":
		case e.Value[0] == '{':
			var answer struct{ Status, Code string }
			errs = append(errs, json.Unmarshal(e.Value, &answer))
			once(told, "answer", cause, answer.Status+" "+answer.Code)
		default:
			once(sent, "command", cause, string(e.Key)+" "+string(e.Value))
		}
	})
	w.history.committed(movesTopic, func(e *entry) {
		once(published, "message", header(e.Record, records.Causation), string(e.Key)+" "+string(e.Value))
	})
	equal := func(a, b string) bool { return a == b }
	return errors.Join(append(errs, differences("sent for", m.sent, sent, equal), differences("told of", m.told, told, equal),
		differences("published for", m.published, published, equal))...)
}

// checkSentWhole: what is sent is in the transaction that passes what it is sent for, or that takes it from those that wait.
func (w *world) checkSentWhole(passed, left map[string]*transaction) []error {
	var errs []error
	sources := w.sourcesOf()
	check := func(e *entry) {
		cause := header(e.Record, records.Causation)
		for _, from := range append(sources.byCause[cause], cause) {
			if passed[from] == e.transaction || left[from] == e.transaction {
				return
			}
		}
		errs = append(errs, fmt.Errorf("invariant 6: %s is sent for %s, which its transaction %v does not pass", place(e), cause, e.transaction.writer))
	}
	w.history.committed(commandsTopic, func(e *entry) {
		if header(e.Record, records.Sender) != "" {
			check(e)
		}
	})
	w.history.committed(movesTopic, check)
	return errs
}

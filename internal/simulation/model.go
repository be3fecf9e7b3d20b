package simulation

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// A model is what must come of the commands: per account, in the order of the log, one after another. It shares no code with the engine.
type model struct {
	accounts map[string]*modelAccount
	// events are "SEQUENCE TEXT <CAUSE", by account.
	events map[string][]string
	// answers are by correlation id.
	answers map[string]string
	// dead are the places of commands that cannot be decided.
	dead map[string]int
	// groups are "COUNT SUM".
	groups map[string][2]int64
}

type modelAccount struct {
	cents    int64
	sequence int
	// answered are the answers to commands with an id.
	answered map[string]string
}

func newModel() *model {
	return &model{accounts: map[string]*modelAccount{}, events: map[string][]string{}, answers: map[string]string{}, dead: map[string]int{}, groups: map[string][2]int64{}}
}

// take decides a record of the commands' topic. One on a foreign partition counts where it was forwarded to.
func (m *model) take(r *kgo.Record) {
	key := string(r.Key)
	if records.Partition(r.Key, shards) != r.Partition {
		return
	}
	a := m.accounts[key]
	if a == nil {
		a = &modelAccount{answered: map[string]string{}}
		m.accounts[key] = a
	}
	at := fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)
	id := header(r, records.ID)
	cause := id
	if source := header(r, records.Source); source != "" {
		cause = source + "/" + id
	}
	if id == "" {
		cause = at
	}
	answer, again := a.answered[id]
	switch {
	case id != "" && again:
		answer += " again"
	default:
		answer = m.decide(a, key, at, cause, header(r, records.ExpectedSequence), strings.Fields(string(r.Value)))
		if id != "" && !strings.HasPrefix(answer, "failed") {
			a.answered[id] = answer
		}
	}
	if correlation := header(r, records.CorrelationID); correlation != "" {
		m.answers[correlation] = answer
	}
}

func (m *model) decide(a *modelAccount, key, at, cause, expected string, words []string) string {
	if expected != "" && expected != strconv.Itoa(a.sequence) {
		return fmt.Sprintf("rejected wrong-sequence %d", a.sequence)
	}
	if words[0] == "fail" {
		m.dead[at]++
		return fmt.Sprintf("failed behavior %d", a.sequence)
	}
	n, _ := strconv.ParseInt(words[1], 10, 64)
	if words[0] == "draw" {
		n = -n
	}
	if a.cents+n < 0 {
		return fmt.Sprintf("rejected overdraft %d", a.sequence)
	}
	a.cents += n
	a.sequence++
	m.events[key] = append(m.events[key], fmt.Sprintf("%d %+d %s <%s", a.sequence, n, words[2], cause))
	g := m.groups[words[2]]
	m.groups[words[2]] = [2]int64{g[0] + 1, g[1] + n}
	return fmt.Sprintf("accepted %d reply %d", a.sequence, a.cents)
}

func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

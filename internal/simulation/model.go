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
	// parks tells that an account of which a command fails waits for the operator.
	parks    bool
	accounts map[string]*modelAccount
	// events are "SEQUENCE TEXT <CAUSE", by account.
	events map[string][]string
	// answers are by correlation id.
	answers map[string]string
	// dead are the places of commands that cannot be decided.
	dead map[string]int
	// groups are "COUNT SUM".
	groups map[string][2]int64
	// sent are commands that are sent, "ACCOUNT TEXT", and published the messages, "KEY TEXT", by what causes them. told are answers that become commands,
	// "STATUS CODE", by the place of what they answer.
	sent, published, told map[string]string
	// operations are by correlation id.
	operations map[string]*modelOperation
}

type modelAccount struct {
	cents    int64
	sequence int
	// answered are the answers to commands with an id.
	answered map[string]string
	// waiting are the commands of a parked account; first is the number of the first, and reason what it failed with.
	waiting []*modelCommand
	first   int64
	reason  string
}

type modelCommand struct {
	key, at, id, cause, correlation, expected string
	words                                     []string
	// tried: it was decided before. awaited: the answer becomes a command.
	tried, awaited bool
}

func newModel(parks bool) *model {
	return &model{
		parks: parks, accounts: map[string]*modelAccount{}, events: map[string][]string{}, answers: map[string]string{}, dead: map[string]int{},
		groups: map[string][2]int64{}, operations: map[string]*modelOperation{},
		sent: map[string]string{}, published: map[string]string{}, told: map[string]string{},
	}
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
	if operation := header(r, records.Operation); operation != "" {
		m.operate(a, operation, r)
		return
	}
	c := &modelCommand{
		key: key, at: fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset), id: header(r, records.ID), correlation: header(r, records.CorrelationID),
		expected: header(r, records.ExpectedSequence), words: strings.Fields(string(r.Value)), awaited: header(r, records.OnReply) != "",
	}
	c.cause = c.id
	if source := header(r, records.Source); source != "" {
		c.cause = source + "/" + c.id
	}
	if c.id == "" {
		c.cause = c.at
	}
	_, again := a.answered[c.id]
	switch {
	case len(a.waiting) > 0 && (c.id == "" || !again):
		a.waiting = append(a.waiting, c)
	case !m.decide(a, c) && m.parks:
		a.waiting, a.first, a.reason = []*modelCommand{c}, r.Offset, "behavior"
	}
}

// decide returns false for a command that has failed and waits now.
func (m *model) decide(a *modelAccount, c *modelCommand) bool {
	answer, again := a.answered[c.id]
	switch {
	case c.id != "" && again:
		answer += " again"
	default:
		answer = m.outcome(a, c)
		if answer == "failed" {
			if m.parks {
				return false
			}
			m.bury(a, c, "behavior")
			return true
		}
		if c.id != "" {
			a.answered[c.id] = answer
		}
	}
	m.answer(c, answer)
	return true
}

func (m *model) answer(c *modelCommand, answer string) {
	if c.correlation != "" {
		m.answers[c.correlation] = answer
	}
	if !c.awaited {
		return
	}
	if words := strings.Fields(answer); words[0] == "accepted" {
		m.told[c.at] = "accepted "
	} else {
		m.told[c.at] = words[0] + " " + words[1]
	}
}

func (m *model) bury(a *modelAccount, c *modelCommand, reason string) {
	m.dead[c.at]++
	m.answer(c, fmt.Sprintf("failed %s %d", reason, a.sequence))
}

func (m *model) outcome(a *modelAccount, c *modelCommand) string {
	if c.expected != "" && c.expected != strconv.Itoa(a.sequence) {
		return fmt.Sprintf("rejected wrong-sequence %d", a.sequence)
	}
	if strings.HasPrefix(c.words[0], "{") {
		return fmt.Sprintf("accepted %d reply", a.sequence)
	}
	tried := c.tried
	c.tried = true
	if c.words[0] == "fail" || c.words[0] == "trip" && !tried {
		return "failed"
	}
	n, _ := strconv.ParseInt(c.words[1], 10, 64)
	if c.words[0] == "draw" || c.words[0] == "move" {
		n = -n
	}
	if a.cents+n < 0 {
		return fmt.Sprintf("rejected overdraft %d", a.sequence)
	}
	a.cents += n
	a.sequence++
	m.events[c.key] = append(m.events[c.key], fmt.Sprintf("%d %+d %s <%s", a.sequence, n, c.words[2], c.cause))
	if c.words[0] == "move" {
		m.sent[c.cause] = fmt.Sprintf("%s pay %s %s", c.words[3], c.words[1], c.words[2])
		m.published[c.cause] = fmt.Sprintf("%s %s %s", c.words[3], c.words[1], c.words[2])
	}
	g := m.groups[c.words[2]]
	m.groups[c.words[2]] = [2]int64{g[0] + 1, g[1] + n}
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

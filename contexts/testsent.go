package contexts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// A sentMessage is a command that was sent, or a message that was published.
type sentMessage struct {
	// to is "account/b", "audit.log/all" or "moves/a".
	to      string
	message *schemas.Message
	fields  any
}

// readSent reads the sends and publishes of a test: {account/b: {Receive: {…}}}.
func (r testReader) readSent(then map[string]*yaml.Node) {
	for _, item := range r.items(then["sends"], "sends") {
		r.readLetter(item, "sends", "account/b: {Receive: {…}}", r.receiver)
	}
	for _, item := range r.items(then["publishes"], "publishes") {
		r.readLetter(item, "publishes", "orders/o1: {OrderPlaced: {…}}", r.publisher)
	}
}

func (r testReader) readLetter(n *yaml.Node, what, example string, words func(text, string) (vocabulary, bool)) {
	entries := r.entries(n, what)
	if len(entries) != 1 {
		r.complain(n, "%s: expected one message and where it goes, as in %s", what, example)
		return
	}
	name, key, found := strings.Cut(entries[0].key.string, "/")
	if !found || key == "" {
		r.complain(entries[0].key.node, "%s: %s: expected a name and a key, as in %s", what, entries[0].key.string, example)
		return
	}
	if known, ok := words(entries[0].key, name); ok {
		r.expected(entries[0].value, what, known)
	}
}

// receiver are the commands that can be sent to an entity, of this context or another.
func (r testReader) receiver(at text, name string) (vocabulary, bool) {
	if strings.Contains(name, ".") {
		return vocabulary{kind: "record", messages: r.context.Schemas.Messages()}, true
	}
	e := r.context.Entity(name)
	if e == nil {
		r.complain(at.node, "sends: there is no entity %s%s", name, spelling.DidYouMean(name, r.context.entityNames()))
		return vocabulary{}, false
	}
	return e.commandWords(), true
}

func (r testReader) publisher(at text, name string) (vocabulary, bool) {
	p := r.context.Publication(name)
	if p == nil {
		r.complain(at.node, "publishes: there is no publication %s%s", name, spelling.DidYouMean(name, r.context.publicationNames()))
		return vocabulary{}, false
	}
	return vocabulary{kind: "message of " + name, messages: p.Messages}, true
}

// sent shows what a decision sends.
func (c *Context) sent(o *outcome, m *entities.Messages) error {
	for _, s := range m.Sends {
		to := s.Entity + "/" + s.ID
		if s.Context != "" {
			to = s.Context + "." + to
		}
		shown, err := c.sentMessage(to, s.Type, s.Payload)
		if err != nil {
			return err
		}
		o.sends = append(o.sends, shown)
	}
	for _, p := range m.Publications {
		shown, err := c.sentMessage(p.Name+"/"+p.Key, p.Type, p.Payload)
		if err != nil {
			return err
		}
		o.publishes = append(o.publishes, shown)
	}
	return nil
}

func (c *Context) sentMessage(to, name string, payload entities.Payload) (sentMessage, error) {
	m := named(c.Schemas.Messages(), name)
	if m == nil {
		return sentMessage{}, fmt.Errorf("%s: there is no record %s", to, name)
	}
	fields, err := c.payloadValue(m, payload)
	if err != nil {
		return sentMessage{}, fmt.Errorf("%s: %s: %w", to, name, err)
	}
	return sentMessage{to: to, message: m, fields: fields}, nil
}

func compareSent(what string, want []*yaml.Node, got []sentMessage) []Difference {
	wanted := make([]string, 0, len(want))
	for _, n := range want {
		wanted = append(wanted, n.Content[0].Value+": "+lastPart(n.Content[1].Content[0].Value))
	}
	names := make([]string, 0, len(got))
	for _, s := range got {
		names = append(names, s.to+": "+s.message.Name)
	}
	if !slices.Equal(wanted, names) {
		return []Difference{{Path: what, Want: listed(wanted), Got: listed(names)}}
	}
	var found []Difference
	for i, n := range want {
		path := fmt.Sprintf("%s[%d].%s", what, i, got[i].message.Name)
		found = append(found, differences(path, got[i].message.Type, jsonOf(n.Content[1].Content[1]), got[i].fields)...)
	}
	return found
}

// readSubscriptionTest reads a test of what a subscription makes of one message.
func (r testReader) readSubscriptionTest(t *test, f map[string]*yaml.Node) {
	name := r.scalar(f["subscription"], "subscription")
	if name.node == nil {
		return
	}
	if t.subscription = r.context.Subscription(name.string); t.subscription == nil {
		r.complain(name.node, "there is no subscription %s%s", name.string, spelling.DidYouMean(name.string, r.context.subscriptionNames()))
		return
	}
	if f["given"] != nil {
		r.complain(f["given"], "given: a subscription knows one message at a time: give it as when")
	}
	if f["when"] == nil {
		r.complain(name.node, "test: when is missing: the message that comes")
	} else {
		t.when = r.readWhen(f["when"], vocabulary{kind: "message of " + name.string, messages: t.subscription.Messages, keys: whenKeys})
	}
	t.then = r.fieldsIfAny(f["then"], "then", "sends", "publishes", "failed")
	r.readSent(t.then)
}

func (c *Context) runSubscription(ctx context.Context, t *test) (outcome, error) {
	var o outcome
	messages, failed := t.subscription.Behavior.Handle(ctx, &behaviors.Event{
		EntityID: t.when.key, Type: t.when.message.name, Payload: payload(t.when.message), NowMS: t.when.nowMS, CausationID: t.when.id, Headers: t.when.headers,
	})
	o.failure = failed
	err := c.sent(&o, &messages) // Of one that failed there are none.
	return o, err
}

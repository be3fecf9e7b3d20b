package contexts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/projections"
	"github.com/partita-io/partita/schemas"
)

// readGiven reads {cart/c1: {CheckedOut: {…}, now: …}}, or {billing.payments/p1: {Captured: {…}}} of a topic of others.
func (r testReader) readGiven(n *yaml.Node, p *Projection) (givenEvent, bool) {
	entries := r.entries(n, "given")
	if len(entries) != 1 {
		r.complain(n, "given: expected one event, as in cart/c1: {CheckedOut: {…}}")
		return givenEvent{}, false
	}
	g, known, ok := r.happenedIn(entries[0].key, p)
	if !ok {
		return givenEvent{}, false
	}
	happened := &yaml.Node{Kind: yaml.MappingNode, Line: entries[0].value.Line, Column: entries[0].value.Column}
	for _, e := range r.entries(entries[0].value, "given") {
		if e.key.string == "now" {
			g.nowMS = r.moment(e.value, "now")
		} else {
			happened.Content = append(happened.Content, e.key.node, e.value)
		}
	}
	if entries[0].value.Kind != yaml.MappingNode {
		return givenEvent{}, false
	}
	g.message, ok = r.message(happened, "given", known)
	return g, ok
}

// happenedIn tells where a given event of a projection has happened, and what may happen there.
func (r testReader) happenedIn(subject text, p *Projection) (givenEvent, vocabulary, bool) {
	if topic, id, found := strings.Cut(subject.string, "/"); found && id != "" {
		follows := func(s Source) bool { return s.Entity == "" && s.Topic == topic }
		if slices.ContainsFunc(p.Sources, follows) {
			return givenEvent{topic: topic, id: id}, vocabulary{kind: "record", messages: r.context.Schemas.Messages(), keys: givenKeys}, true
		}
	}
	entity, id := r.subject(subject)
	if entity == nil {
		return givenEvent{}, vocabulary{}, false
	}
	i := slices.IndexFunc(p.Sources, func(s Source) bool { return s.Entity == entity.Name })
	if i < 0 {
		r.complain(subject.node, "given: projection %s does not follow %s", p.Name, entity.Name)
		return givenEvent{}, vocabulary{}, false
	}
	known := entity.eventWords()
	known.keys = givenKeys
	return givenEvent{topic: p.Sources[i].Topic, entity: entity.Name, id: id}, known, true
}

// givenKeys may stand beside a given event of a projection.
var givenKeys = []string{"now"}

// readStreamTest reads what a stream is expected to write.
func (r testReader) readStreamTest(t *test, then *yaml.Node) {
	t.then = r.fieldsIfAny(then, "then", "messages", "failed")
	known := vocabulary{kind: "message of " + t.projection.Name, messages: t.projection.Stream.Messages, keys: []string{"key"}}
	for _, item := range r.items(t.then["messages"], "messages") {
		for _, e := range r.entries(item, "messages") {
			if e.key.string == "key" {
				r.scalar(e.value, "key")
			}
		}
		if m, fields := r.named(withoutKey(item), "messages", known); m != nil {
			r.checkFields(fields, m.Type, m.Name, false)
		}
	}
}

// withoutKey is an expected message without its key.
func withoutKey(item *yaml.Node) *yaml.Node {
	if item.Kind != yaml.MappingNode {
		return item
	}
	rest := &yaml.Node{Kind: yaml.MappingNode, Line: item.Line, Column: item.Column}
	for i := 0; i+1 < len(item.Content); i += 2 {
		if item.Content[i].Value != "key" {
			rest.Content = append(rest.Content, item.Content[i], item.Content[i+1])
		}
	}
	return rest
}

// A wroteMessage is what a stream wrote in a test.
type wroteMessage struct {
	key     string
	message *schemas.Message
	fields  any
}

// writeMessages gives one event to a stream. An event whose messages cannot all be written leads to none.
func (c *Context) writeMessages(ctx context.Context, s *Stream, e *behaviors.Event, o *outcome) *entities.Failure {
	if !s.Behavior.Wants(e.Type) {
		return nil
	}
	messages, failure := s.Behavior.Write(ctx, e)
	if failure == nil {
		failure = projections.CheckMessages(messages)
	}
	if failure != nil {
		return failure
	}
	for _, m := range messages {
		wrote := wroteMessage{key: m.Key, message: named(s.Messages, m.Type)}
		fields, err := c.payloadValue(wrote.message, m.Payload)
		if err != nil {
			return &entities.Failure{Code: entities.Malformed, Message: err.Error()}
		}
		wrote.fields = fields
		o.messages = append(o.messages, wrote)
	}
	return nil
}

// compareMessages wants all messages, in their order.
func compareMessages(want []*yaml.Node, got []wroteMessage) []Difference {
	wanted, names := make([]string, 0, len(want)), make([]string, 0, len(got))
	for _, n := range want {
		wanted = append(wanted, lastPart(withoutKey(n).Content[0].Value))
	}
	for _, m := range got {
		names = append(names, m.message.Name)
	}
	if !slices.Equal(wanted, names) {
		return []Difference{{Path: "messages", Want: listed(wanted), Got: listed(names)}}
	}
	var found []Difference
	for i, n := range want {
		path := fmt.Sprintf("messages[%d]", i)
		for at := 0; at+1 < len(n.Content); at += 2 {
			if value := n.Content[at+1].Value; n.Content[at].Value == "key" && value != got[i].key {
				found = append(found, Difference{Path: path + ".key", Want: value, Got: got[i].key})
			}
		}
		found = append(found, differences(path+"."+names[i], got[i].message.Type, jsonOf(withoutKey(n).Content[1]), got[i].fields)...)
	}
	return found
}

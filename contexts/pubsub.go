package contexts

import (
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/starlark"
	"github.com/partita-io/partita/schemas"
)

// A Publication is a topic of the context that entities and subscriptions publish messages to.
type Publication struct {
	Name     string
	Messages []*schemas.Message
}

// A Subscription takes the messages of a topic, of whomever, to commands and publications.
type Subscription struct {
	Name, Topic string
	// Start is where it begins when it has no position yet.
	Start    Start
	Behavior behaviors.Subscription
	Messages []*schemas.Message
}

// Publication is the publication of this name, nil if there is none.
func (c *Context) Publication(name string) *Publication {
	for i := range c.Publications {
		if c.Publications[i].Name == name {
			return &c.Publications[i]
		}
	}
	return nil
}

// Subscription is the subscription of this name, nil if there is none.
func (c *Context) Subscription(name string) *Subscription {
	for i := range c.Subscriptions {
		if c.Subscriptions[i].Name == name {
			return &c.Subscriptions[i]
		}
	}
	return nil
}

func (c *Context) subscriptionNames() []string {
	names := make([]string, 0, len(c.Subscriptions))
	for _, s := range c.Subscriptions {
		names = append(names, s.Name)
	}
	return names
}

func (c *Context) publicationNames() []string {
	names := make([]string, 0, len(c.Publications))
	for _, p := range c.Publications {
		names = append(names, p.Name)
	}
	return names
}

type declaredPublication struct {
	name     text
	messages []text
}

type declaredSubscription struct {
	name     text
	topic    text
	behavior text
	messages []text
	start    Start
}

func (d *document) readPublication(e entry) declaredPublication {
	what := "publication " + e.key.string
	f := d.fields(e.value, what, "messages")
	return declaredPublication{name: e.key, messages: d.requiredList(f, e.key.node, what, "messages")}
}

func (d *document) readSubscription(e entry) declaredSubscription {
	what := "subscription " + e.key.string
	f := d.fields(e.value, what, "topic", "behavior", "messages", "start")
	return declaredSubscription{
		name:     e.key,
		topic:    d.required(f, e.key.node, what, "topic"),
		behavior: d.required(f, e.key.node, what, "behavior"),
		messages: d.requiredList(f, e.key.node, what, "messages"),
		start:    d.readStart(f["start"], what+": start"),
	}
}

func (d *document) readStart(n *yaml.Node, what string) Start {
	given := d.scalar(n, what)
	if given.node == nil {
		return Start{}
	}
	start, err := parseStart(given.string)
	if err != nil {
		d.complain(given.node, "%s: %v", what, err)
	}
	return start
}

func (l *loader) publications(file declared) {
	for _, p := range file.publications {
		l.context.Publications = append(l.context.Publications, Publication{
			Name: p.name.string, Messages: l.records(p.messages, "publication "+p.name.string+": message"),
		})
	}
}

func (l *loader) subscriptions(file declared) {
	for _, s := range file.subscriptions {
		what := "subscription " + s.name.string
		subscription := Subscription{Name: s.name.string, Topic: s.topic.string, Start: s.start, Messages: l.records(s.messages, what+": message")}
		l.checkSubscribed(s, what)
		if l.script(s.behavior, what) && len(subscription.Messages) == len(s.messages) && len(s.messages) > 0 {
			l.subscriptionScripts = append(l.subscriptionScripts, script{index: len(l.context.Subscriptions), file: s.behavior.string, what: what})
		}
		l.context.Subscriptions = append(l.context.Subscriptions, subscription)
	}
}

// checkSubscribed refuses topics of the context that are not for subscribers.
func (l *loader) checkSubscribed(s declaredSubscription, what string) {
	name, own := strings.CutPrefix(s.topic.string, l.context.Name+".")
	if !own || s.topic.node == nil {
		return
	}
	if l.context.Publication(name) != nil {
		return
	}
	if entity, events := strings.CutSuffix(name, ".events"); events && l.context.Entity(entity) != nil {
		return
	}
	l.complain(s.topic.node, "%s: topic %s is this context's own: of its topics the publications and the events of its entities can be subscribed to", what, s.topic.string)
}

func (l *loader) subscriptionBehavior(s script, subscription *Subscription) {
	behavior, problems := starlark.LoadSubscription(starlark.SubscriptionConfig{
		Folder: os.DirFS(l.dir), File: s.file, Name: subscription.Name, Messages: allInScript(subscription.Messages),
		Codec:   scriptCodec{context: l.context, codec: l.context.Codec, records: subscription.Messages, sent: l.schemas.Messages()},
		Outlets: l.context.outlets(), Tables: l.context.scriptTables(), Replicated: l.context.scriptReplicated(),
		Print: l.printer(subscription.Name),
	})
	l.scriptProblems(problems)
	if len(problems) == 0 {
		subscription.Behavior = behavior
	}
}

// outlets are what scripts of the context may send to.
func (c *Context) outlets() *starlark.Outlets {
	o := &starlark.Outlets{
		Commands: map[string][]*starlark.Message{}, Others: allInScript(c.Schemas.Messages()), Publications: map[string][]*starlark.Message{},
	}
	for _, e := range c.Entities {
		o.Commands[e.Name] = allInScript(e.Commands)
	}
	for _, p := range c.Publications {
		o.Publications[p.Name] = allInScript(p.Messages)
	}
	return o
}

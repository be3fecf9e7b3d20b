package contexts

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// subject reads cart/c1.
func (r testReader) subject(t text) (*Entity, string) {
	if t.node == nil {
		return nil, ""
	}
	name, id, found := strings.Cut(t.string, "/")
	if !found || id == "" {
		r.complain(t.node, "%s: expected an entity and its id, as in cart/c1", t.string)
		return nil, ""
	}
	entity := r.context.Entity(name)
	if entity == nil {
		r.complain(t.node, "there is no entity %s%s", name, spelling.DidYouMean(name, r.context.entityNames()))
	}
	return entity, id
}

var whenKeys = []string{"id", "now", "headers", "expected_sequence", "key"}

// moment is ms since 1970, written so or as RFC 3339.
func (r testReader) moment(n *yaml.Node, what string) int64 {
	if at, err := time.Parse(time.RFC3339, n.Value); err == nil {
		return at.UnixMilli()
	}
	if _, err := strconv.ParseInt(n.Value, 10, 64); err != nil {
		r.complain(n, "%s: expected ms since 1970 or a time as in 2026-11-23T12:00:00Z, got %s", what, shown(n))
		return 0
	}
	return r.integer(n, what, math.MinInt64, math.MaxInt64, 0)
}

func (r testReader) readWhen(n *yaml.Node, known vocabulary) whenCommand {
	var w whenCommand
	command := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
	for _, e := range r.entries(n, "when") {
		switch e.key.string {
		case "id":
			w.id = r.scalar(e.value, "id").string
		case "key":
			w.key = r.scalar(e.value, "key").string
		case "now":
			w.nowMS = r.moment(e.value, "now")
		case "expected_sequence":
			w.expected, w.expects = r.integer(e.value, "expected_sequence", 0, math.MaxInt64, 0), true
		case "headers":
			for _, h := range r.entries(e.value, "headers") {
				w.headers = append(w.headers, entities.Header{Key: h.key.string, Value: []byte(r.scalar(h.value, h.key.string).string)})
			}
		default:
			command.Content = append(command.Content, e.key.node, e.value)
		}
	}
	if n.Kind != yaml.MappingNode {
		return w
	}
	w.message, _ = r.message(command, "when", known)
	return w
}

// A vocabulary is what may be named at a place.
type vocabulary struct {
	kind     string
	messages []*schemas.Message
	// keys may stand beside the message.
	keys []string
	// unclear says that more messages may be meant to be there.
	unclear bool
}

func (e *Entity) commandWords() vocabulary {
	return vocabulary{kind: "command of " + e.Name, messages: e.Commands, keys: whenKeys, unclear: e.unclear}
}

func (e *Entity) eventWords() vocabulary {
	return vocabulary{kind: "event of " + e.Name, messages: e.Events, unclear: e.unclear}
}

// message reads {ItemAdded: {…}} with all its fields.
func (r testReader) message(n *yaml.Node, what string, known vocabulary) (message, bool) {
	m, fields := r.named(n, what, known)
	if m == nil {
		return message{}, false
	}
	before := len(r.problems)
	r.checkFields(fields, m.Type, m.Name, true)
	return message{name: m.Name, json: marshal(jsonOf(fields))}, len(r.problems) == before
}

// expected reads {ItemAdded: {…}} with the fields to compare.
func (r testReader) expected(n *yaml.Node, what string, known vocabulary) {
	if m, fields := r.named(n, what, known); m != nil {
		r.checkFields(fields, m.Type, m.Name, false)
	}
}

func (r testReader) named(n *yaml.Node, what string, known vocabulary) (*schemas.Message, *yaml.Node) {
	entries := r.entries(n, what)
	if len(entries) != 1 {
		r.complain(n, "%s: expected one %s with its fields, as in Name: {field: value}", what, known.kind)
		return nil, nil
	}
	key := entries[0].key
	m := named(known.messages, key.string)
	if m == nil && !known.unclear {
		r.complain(key.node, "%s: there is no %s named %s%s", what, known.kind, key.string,
			spelling.DidYouMean(key.string, slices.Concat(shortNames(known.messages), known.keys)))
	}
	return m, entries[0].value
}

// fieldsIfAny is fields for what may be absent.
func (r testReader) fieldsIfAny(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if n == nil {
		return nil
	}
	return r.fields(n, what, known...)
}

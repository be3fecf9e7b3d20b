package contexts

import (
	"cmp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
)

// The kinds of projection.
const (
	table  = "table"
	stream = "stream"
)

var (
	bothKeys   = []string{"type", "from", "behavior", "on_failure"}
	tableKeys  = []string{"key", "row", "by_time"}
	streamKeys = []string{"to", "messages"}
)

// readProjection reads a table or a stream.
func (d *document) readProjection(e entry) declaredProjection {
	what := "projection " + e.key.string
	f := d.fields(e.value, what, slices.Concat(bothKeys, tableKeys, streamKeys)...)
	p := declaredProjection{
		name:      e.key,
		kind:      d.oneOf(f["type"], what+": type", table, table, stream),
		behavior:  d.required(f, e.key.node, what, "behavior"),
		onFailure: entities.OnFailure(d.oneOf(f["on_failure"], what+": on_failure", string(entities.DeadLetter), string(entities.DeadLetter), string(entities.Stop))),
	}
	if p.kind == stream {
		d.refuseKeys(f, what, tableKeys, "a stream")
		p.to = d.scalar(f["to"], what+": to")
		p.messages = d.requiredList(f, e.key.node, what, "messages")
	} else {
		d.refuseKeys(f, what, streamKeys, "a table; a projection with type: stream has it")
		p.key = d.scalar(f["key"], what+": key")
		p.row = d.required(f, e.key.node, what, "row")
		p.byTime = behaviors.Period(d.oneOf(f["by_time"], what+": by_time", "", periodNames()...))
	}
	if f != nil && f["from"] == nil {
		d.complain(e.key.node, "%s: from is missing", what)
	}
	for _, item := range d.items(f["from"], what+": from") {
		if source := d.readSource(item, what+": from"); source != (declaredSource{}) {
			p.from = append(p.from, source)
		}
	}
	return p
}

func (d *document) readSource(n *yaml.Node, what string) declaredSource {
	if n.Kind == yaml.ScalarNode {
		return declaredSource{entity: d.scalar(n, what)}
	}
	f := d.fields(n, what, "entity", "topic", "key")
	source := declaredSource{key: d.scalar(f["key"], what+": key")}
	switch {
	case f == nil:
		return declaredSource{}
	case f["entity"] != nil && f["topic"] != nil:
		d.complain(n, "%s: name an entity or a topic, not both", what)
		return declaredSource{}
	case f["entity"] != nil:
		source.entity = d.scalar(f["entity"], what+": entity")
	default:
		source.topic = d.required(f, n, what, "topic")
	}
	return source
}

func periodNames() []string {
	var names []string
	for _, p := range behaviors.Periods() {
		names = append(names, string(p))
	}
	return names
}

// oneOf is one of the known words, or fallback where there is none.
func (d *document) oneOf(n *yaml.Node, what, fallback string, known ...string) string {
	word := d.scalar(n, what)
	switch {
	case word.node == nil:
		return fallback
	case !slices.Contains(known, word.string):
		d.complain(word.node, "%s: expected %s, got %s%s", what, strings.Join(known, " or "), word.string, spelling.DidYouMean(word.string, known))
		// One slip of the pen is one complaint.
		return cmp.Or(spelling.Nearest(word.string, known), fallback)
	}
	return word.string
}

// refuseKeys reports keys that belong to the other kind.
func (d *document) refuseKeys(f map[string]*yaml.Node, what string, keys []string, kind string) {
	for _, key := range keys {
		if f[key] != nil {
			d.complain(f[key], "%s: %s is nothing of %s", what, key, kind)
		}
	}
}

package contexts

import (
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// testsDir is the folder below a context's with its given/when/then tests.
const testsDir = "tests"

// A test is one given/when/then test, checked against the context.
type test struct {
	path string
	line int
	name string
	// One of the two is set.
	entity     *Entity
	projection *Projection
	id         string
	given      []givenEvent
	when       whenCommand
	then       map[string]*yaml.Node
}

// A givenEvent is an event that has happened. Of a projection's test it says where.
type givenEvent struct {
	entity, id string
	message    message
}

// A message is a command or an event by the last part of its record's name.
type message struct {
	name string
	json []byte
}

// A whenCommand is the command of a test with what goes beside it.
type whenCommand struct {
	message  message
	id       string
	nowMS    int64
	headers  []entities.Header
	expected int64
	// expects says that expected_sequence was given.
	expects bool
}

// readTests reads the tests of a folder; one without tests has none.
func (c *Context) readTests() ([]test, Problems) {
	var tests []test
	var problems Problems
	for _, name := range testFiles(c.Dir) {
		d, root := readDocument(filepath.Join(c.Dir, testsDir, name), joinShown(c.Dir, testsDir+"/"+name))
		r := testReader{document: d, context: c}
		names := map[string]int{}
		for _, item := range d.items(root, "tests") {
			t := r.readTest(item)
			if line, taken := names[t.name]; taken && t.name != "" {
				d.complain(item, "a test of the name %q is in line %d already", t.name, line)
			}
			names[t.name] = item.Line
			tests = append(tests, t)
		}
		problems = append(problems, d.problems...)
	}
	return tests, problems
}

func testFiles(dir string) []string {
	var names []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(dir), testsDir, pattern))
		if err != nil {
			continue
		}
		for _, f := range found {
			names = append(names, filepath.Base(f))
		}
	}
	slices.Sort(names)
	return names
}

type testReader struct {
	*document
	context *Context
}

func (r testReader) readTest(n *yaml.Node) test {
	f := r.fields(n, "test", "name", "entity", "projection", "given", "when", "then")
	t := test{path: r.path, line: n.Line, name: r.required(f, n, "test", "name").string}
	if f == nil {
		return t
	}
	switch {
	case (f["entity"] == nil) == (f["projection"] == nil):
		r.complain(n, "test: name either an entity (entity: cart/c1) or a projection")
	case f["entity"] != nil:
		r.readEntityTest(&t, f)
	default:
		r.readProjectionTest(&t, f)
	}
	if f["then"] == nil {
		r.complain(n, "test: then is missing")
	}
	return t
}

func (r testReader) readEntityTest(t *test, f map[string]*yaml.Node) {
	subject := r.scalar(f["entity"], "entity")
	t.entity, t.id = r.subject(subject)
	if t.entity == nil {
		return
	}
	for _, item := range r.items(f["given"], "given") {
		if m, ok := r.message(item, "given", t.entity.Events, "event of "+t.entity.Name); ok {
			t.given = append(t.given, givenEvent{entity: t.entity.Name, id: t.id, message: m})
		}
	}
	if f["when"] == nil {
		r.complain(subject.node, "test: when is missing: the command to decide")
	} else {
		t.when = r.readWhen(f["when"], t.entity)
	}
	t.then = r.fieldsIfAny(f["then"], "then", "events", "state", "reply", "rejected", "failed")
	for _, item := range r.items(t.then["events"], "events") {
		r.expected(item, t.entity.Events, "event of "+t.entity.Name)
	}
	if state := t.then["state"]; state != nil {
		r.checkFields(state, t.entity.State.Type, "state", false)
	}
}

func (r testReader) readProjectionTest(t *test, f map[string]*yaml.Node) {
	name := r.scalar(f["projection"], "projection")
	if name.node == nil {
		return
	}
	if t.projection = r.context.Projection(name.string); t.projection == nil {
		r.complain(name.node, "there is no projection %s%s", name.string, didYouMean(name.string, r.context.projectionNames()))
		return
	}
	if f["when"] != nil {
		r.complain(f["when"], "when: a projection has no commands: what has happened is given")
	}
	for _, item := range r.items(f["given"], "given") {
		if g, ok := r.readGiven(item, t.projection); ok {
			t.given = append(t.given, g)
		}
	}
	t.then = r.fieldsIfAny(f["then"], "then", "rows", "failed")
	for _, row := range r.entries(t.then["rows"], "rows") {
		if row.value.ShortTag() != "!!null" {
			r.checkFields(row.value, t.projection.Row.Type, "rows."+row.key.string, false)
		}
	}
}

// readGiven reads {cart/c1: {CheckedOut: {…}}}.
func (r testReader) readGiven(n *yaml.Node, p *Projection) (givenEvent, bool) {
	entries := r.entries(n, "given")
	if len(entries) != 1 {
		r.complain(n, "given: expected one event, as in cart/c1: {CheckedOut: {…}}")
		return givenEvent{}, false
	}
	entity, id := r.subject(entries[0].key)
	if entity == nil {
		return givenEvent{}, false
	}
	if !slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Entity == entity.Name }) {
		r.complain(entries[0].key.node, "given: projection %s does not follow %s", p.Name, entity.Name)
		return givenEvent{}, false
	}
	m, ok := r.message(entries[0].value, "given", entity.Events, "event of "+entity.Name)
	return givenEvent{entity: entity.Name, id: id, message: m}, ok
}

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
		r.complain(t.node, "there is no entity %s%s", name, didYouMean(name, r.context.entityNames()))
	}
	return entity, id
}

var whenKeys = []string{"id", "now", "headers", "expected_sequence"}

func (r testReader) readWhen(n *yaml.Node, entity *Entity) whenCommand {
	var w whenCommand
	command := &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column}
	for _, e := range r.entries(n, "when") {
		switch e.key.string {
		case "id":
			w.id = r.scalar(e.value, "id").string
		case "now":
			w.nowMS = r.integer(e.value, "now", math.MinInt64, math.MaxInt64, 0)
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
	w.message, _ = r.message(command, "when", entity.Commands, "command of "+entity.Name, whenKeys...)
	return w
}

// message reads {ItemAdded: {…}} with all its fields.
func (r testReader) message(n *yaml.Node, what string, known []*schemas.Message, kind string, alsoKnown ...string) (message, bool) {
	m, fields := r.named(n, what, known, kind, alsoKnown...)
	if m == nil {
		return message{}, false
	}
	before := len(r.problems)
	r.checkFields(fields, m.Type, m.Name, true)
	return message{name: m.Name, json: marshal(jsonOf(fields))}, len(r.problems) == before
}

// expected reads {ItemAdded: {…}} with the fields to compare.
func (r testReader) expected(n *yaml.Node, known []*schemas.Message, kind string) {
	if m, fields := r.named(n, "events", known, kind); m != nil {
		r.checkFields(fields, m.Type, m.Name, false)
	}
}

func (r testReader) named(
	n *yaml.Node, what string, known []*schemas.Message, kind string, alsoKnown ...string,
) (*schemas.Message, *yaml.Node) {
	entries := r.entries(n, what)
	if len(entries) != 1 {
		r.complain(n, "%s: expected one %s with its fields, as in Name: {field: value}", what, kind)
		return nil, nil
	}
	key := entries[0].key
	m := named(known, key.string)
	if m == nil {
		r.complain(key.node, "%s: there is no %s named %s%s", what, kind, key.string,
			didYouMean(key.string, slices.Concat(shortNames(known), alsoKnown)))
		return nil, nil
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

// joinShown joins a path as complaints and people write it: the folder as it was given, then slashes.
func joinShown(dir, name string) string {
	if dir == "" {
		return name
	}
	return strings.TrimRight(filepath.ToSlash(dir), "/") + "/" + name
}

var globSpecial = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

func escapeGlob(dir string) string { return globSpecial.Replace(dir) }

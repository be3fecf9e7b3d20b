package contexts

import (
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/internal/spelling"
)

// testsDir is the folder below a context's with its given/when/then tests.
const testsDir = "tests"

// A test is one given/when/then test, checked against the context.
type test struct {
	path string
	line int
	name string
	// One of the three is set.
	entity       *Entity
	projection   *Projection
	subscription *Subscription
	id           string
	tables       givenTables
	replicated   givenReplicated
	given        []givenEvent
	when         whenCommand
	then         map[string]*yaml.Node
}

// A givenEvent is an event that has happened. Of a projection's test it says where.
type givenEvent struct {
	// topic is where it was read, entity is empty for topics of others.
	topic, entity, id string
	message           message
	nowMS             int64
}

// A message is a command or an event by the last part of its record's name.
type message struct {
	name string
	json []byte
}

// A whenCommand is the command of a test, or the message that comes to a subscription, with what goes beside it. key is a message's.
type whenCommand struct {
	message  message
	id, key  string
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
	f := r.fields(n, "test", "name", "entity", "projection", "subscription", "tables", "replicated", "given", "when", "then")
	t := test{path: r.path, line: n.Line, name: r.required(f, n, "test", "name").string}
	if f == nil {
		return t
	}
	t.tables, t.replicated = r.readTables(f["tables"]), r.readReplicated(f["replicated"])
	subjects := 0
	for _, kind := range []string{"entity", "projection", "subscription"} {
		if f[kind] != nil {
			subjects++
		}
	}
	switch {
	case subjects != 1:
		r.complain(n, "test: name either an entity (entity: cart/c1), a projection or a subscription")
	case f["entity"] != nil:
		r.readEntityTest(&t, f)
	case f["subscription"] != nil:
		r.readSubscriptionTest(&t, f)
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
		if m, ok := r.message(item, "given", t.entity.eventWords()); ok {
			t.given = append(t.given, givenEvent{entity: t.entity.Name, id: t.id, message: m})
		}
	}
	if f["when"] == nil {
		r.complain(subject.node, "test: when is missing: the command to decide")
	} else {
		t.when = r.readWhen(f["when"], t.entity.commandWords())
	}
	t.then = r.fieldsIfAny(f["then"], "then", "events", "state", "reply", "sends", "publishes", "replicated", "rejected", "failed")
	r.readSent(t.then)
	r.checkReplicated(t.then["replicated"])
	for _, item := range r.items(t.then["events"], "events") {
		r.expected(item, "events", t.entity.eventWords())
	}
	// Without a record of its own the entity is complained about where it is declared; so is a projection.
	if state := t.then["state"]; state != nil && t.entity.State != nil {
		r.checkFields(state, t.entity.State.Type, "state", false)
	}
}

func (r testReader) readProjectionTest(t *test, f map[string]*yaml.Node) {
	name := r.scalar(f["projection"], "projection")
	if name.node == nil {
		return
	}
	if t.projection = r.context.Projection(name.string); t.projection == nil {
		r.complain(name.node, "there is no projection %s%s", name.string, spelling.DidYouMean(name.string, r.context.projectionNames()))
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
	if t.projection.Stream != nil {
		r.readStreamTest(t, f["then"])
		return
	}
	t.then = r.fieldsIfAny(f["then"], "then", "rows", "failed")
	for _, row := range r.entries(t.then["rows"], "rows") {
		if row.value.ShortTag() != "!!null" && t.projection.Row != nil {
			r.checkFields(row.value, t.projection.Row.Type, "rows."+row.key.string, false)
		}
	}
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

package contexts

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// Options are what a folder does not say by itself.
type Options struct {
	// Registry is the schema registry's URL, before that of the file; empty: the file's.
	Registry string
	// Offline is for tests and for reading: what a context with a registry would write is written as Avro single objects, and nobody is asked.
	Offline bool
	// Tests are checked too; who runs a folder does not need them.
	Tests bool
	// Log gets what scripts print; nil drops it.
	Log *slog.Logger
}

const schemasDir = "schemas"

// Load reads the folder dir. It finds all problems at once; the context is nil if there are any.
func Load(dir string, opts Options) (*Context, Problems) {
	l := &loader{dir: dir, opts: opts, context: &Context{Dir: dir, History: schemas.NewHistory()}}
	if p := notAFolder(dir); p != "" {
		return nil, Problems{{Path: dir, Message: p}}
	}
	l.loadSchemas()
	d, root := readDocument(filepath.Join(dir, fileName), joinShown(dir, fileName))
	l.document = d
	if root != nil {
		file := d.readContext(root)
		d.checkNames(file)
		l.settings(file)
		l.entities(file)
		l.projections(file)
		l.publications(file)
		l.subscriptions(file)
		l.tables(file)
	}
	if l.schemas != nil {
		l.behaviors()
	}
	if l.schemas != nil && opts.Tests && (len(l.context.Entities) > 0 || len(d.problems) == 0) {
		l.others = append(l.others, l.checkTests()...)
	}
	l.hash()
	if problems := slices.Concat(l.others, d.problems); len(problems) > 0 {
		return nil, problems.sorted()
	}
	return l.context, nil
}

// A script is a behaviour to be loaded for the entity or projection at an index of the model.
type script struct {
	index int
	file  string
	// what names it in complaints; key is a projection's.
	what string
	key  text
	// from are the sources as they were declared.
	from []declaredSource
}

// A loader makes a context of a file as it was declared.
type loader struct {
	*document
	dir     string
	opts    Options
	context *Context
	// others are the problems outside context.yaml.
	others Problems
	// Scripts wait until all entities are known.
	entityScripts, projectionScripts, subscriptionScripts []script
	// schemas is nil when they cannot be loaded: then nothing is said about names of records.
	schemas *schemas.Set
	// schemasBroken: a record may be missing because its file cannot be read, which was said.
	schemasBroken bool
}

func notAFolder(dir string) string {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Sprintf("cannot be read: %s", fileError(err))
	case !info.IsDir():
		return "not a folder: give the folder that holds " + fileName
	default:
		return ""
	}
}

// complainIn reports a problem of a file in the folder.
func (l *loader) complainIn(name string, line, column int, message string) {
	l.others = append(l.others, Problem{Path: joinShown(l.dir, name), Line: line, Column: column, Message: message})
}

func (l *loader) loadSchemas() {
	dir := filepath.Join(l.dir, schemasDir)
	if notAFolder(dir) != "" {
		l.complainIn(schemasDir, 0, 0, "there is no such folder: it holds the Avro records of states, commands, events and rows")
		return
	}
	set, problems := schemas.Load(dir)
	for _, p := range problems {
		l.complainIn(schemasDir+"/"+p.File, p.Line, p.Column, p.Message)
	}
	l.schemas, l.schemasBroken = set, len(problems) > 0
	l.context.Schemas = set
}

var encodings = []string{string(Avro), string(Confluent), string(JSON)}

func (l *loader) settings(file declared) {
	c := l.context
	c.Name, c.Partitions = file.context.string, file.partitions
	c.Registry = file.registry.string
	if l.opts.Registry != "" {
		c.Registry = l.opts.Registry
	}
	c.Encoding = Avro
	if e := file.encoding; e.node != nil {
		c.Encoding = Encoding(e.string)
		if !slices.Contains(encodings, e.string) {
			l.complain(e.node, "encoding: expected %s, got %s%s", strings.Join(encodings, ", "), e.string, spelling.DidYouMean(e.string, encodings))
		}
	}
	if c.Encoding == Confluent && c.Registry == "" {
		l.complain(file.encoding.node, "encoding: confluent needs a schema registry: add registry: URL, or give --registry")
	}
}

// record is the record that name refers to, or, after a complaint, the one that was probably meant: so the rest is checked, and one slip of
// the pen is one complaint. It is nil when there is none, or when schemas cannot be told.
func (l *loader) record(name text, what string) *schemas.Message {
	if name.node == nil || l.schemas == nil {
		return nil
	}
	m, err := l.schemas.Lookup(name.string)
	if err == nil {
		return m
	}
	meant := named(l.schemas.Messages(), spelling.Nearest(name.string, shortNames(l.schemas.Messages())))
	if meant != nil || !l.schemasBroken {
		l.complain(name.node, "%s %s: %v", what, name.string, err)
	}
	return meant
}

func (l *loader) records(names []text, what string) []*schemas.Message {
	var found []*schemas.Message
	for _, name := range names {
		m := l.record(name, what)
		if m == nil {
			continue
		}
		if other := named(found, m.Name); other != nil && other != m {
			l.complain(name.node, "%s %s: %s is there already: their functions would have one name", what, name.string, other.FullName)
			continue
		}
		if !slices.Contains(found, m) {
			found = append(found, m)
		}
	}
	return found
}

// defaulted is a record whose fields all have defaults, as states and rows must: they begin as their defaults.
func (l *loader) defaulted(name text, what string) *schemas.Message {
	m := l.record(name, what)
	if m == nil {
		return nil
	}
	if missing := m.MissingDefaults(); len(missing) > 0 {
		l.complain(name.node, "%s %s: %s without a default: it begins as its defaults, so add \"default\": … in schemas/",
			what, name.string, plural("field", missing))
		return nil
	}
	return m
}

func plural(noun string, names []string) string {
	if len(names) > 1 {
		noun += "s"
	}
	return noun + " " + strings.Join(names, ", ")
}

// script tells whether a behaviour's file can be loaded.
func (l *loader) script(name text, what string) bool {
	if name.node == nil {
		return false
	}
	if !filepath.IsLocal(name.string) {
		l.complain(name.node, "%s: behavior %s: the file must lie in the folder", what, name.string)
		return false
	}
	info, err := os.Stat(filepath.Join(l.dir, name.string))
	if err == nil && info.Mode().IsRegular() {
		return true
	}
	l.complain(name.node, "%s: behavior %s: there is no such file%s", what, name.string, spelling.DidYouMean(name.string, l.scripts()))
	return false
}

func (l *loader) scripts() []string {
	var names []string
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".star" {
			names = append(names, e.Name())
		}
	}
	return names
}

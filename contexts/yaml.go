package contexts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/internal/spelling"
)

// A text is a scalar with its place.
type text struct {
	string
	node *yaml.Node
}

// An entry is a key of a mapping with its value.
type entry struct {
	key   text
	value *yaml.Node
}

func (d *document) complain(n *yaml.Node, format string, args ...any) {
	p := Problem{Path: d.path, Message: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	d.problems = append(d.problems, p)
}

// entries are the keys and values of a mapping in order. what names it in complaints.
func (d *document) entries(n *yaml.Node, what string) []entry {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		d.complain(n, "%s: expected a mapping of names to values, got %s", what, kindOf(n))
		return nil
	}
	var found []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.complain(key, "%s: a key must be a name, got %s", what, kindOf(key))
			continue
		}
		if line, repeated := seen[key.Value]; repeated {
			d.complain(key, "%s: %s was already given in line %d", what, key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		found = append(found, entry{key: text{key.Value, key}, value: value})
	}
	return found
}

// fields are the values of a mapping that has only the known keys; nil when n is no mapping, which is then reported.
func (d *document) fields(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		d.complain(n, "%s: expected a mapping of names to values, got %s", what, kindOf(n))
		return nil
	}
	values := map[string]*yaml.Node{}
	misspelled := map[string]*yaml.Node{}
	for _, e := range d.entries(n, what) {
		if slices.Contains(known, e.key.string) {
			values[e.key.string] = e.value
			continue
		}
		mend := spelling.DidYouMean(e.key.string, known)
		if mend == "" {
			mend = fmt.Sprintf(" (known: %s)", strings.Join(known, ", "))
		}
		d.complain(e.key.node, "%s: unknown key %s%s", what, e.key.string, mend)
		misspelled[spelling.Nearest(e.key.string, known)] = e.value
	}
	// A misspelled key is read as the one that was meant, so that it is not missing too.
	for key, value := range misspelled {
		if _, given := values[key]; !given {
			values[key] = value
		}
	}
	return values
}

// scalar is a single value as it was written; empty, without a complaint, when n is nil.
func (d *document) scalar(n *yaml.Node, what string) text {
	if n == nil {
		return text{}
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		d.complain(n, "%s: expected one value, got %s", what, kindOf(n))
		return text{}
	}
	return text{n.Value, n}
}

// integer is a whole number between low and high; fallback, without a complaint, when n is nil.
func (d *document) integer(n *yaml.Node, what string, low, high, fallback int64) int64 {
	if n == nil {
		return fallback
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < low || v > high {
		d.complain(n, "%s: expected a whole number from %d to %d, got %s", what, low, high, shown(n))
		return fallback
	}
	return v
}

// list is a sequence of single values without repetitions.
func (d *document) list(n *yaml.Node, what string) []text {
	var values []text
	seen := map[string]bool{}
	for _, item := range d.items(n, what) {
		v := d.scalar(item, what)
		switch {
		case v.node == nil:
		case seen[v.string]:
			d.complain(item, "%s: %s is named twice", what, v.string)
		default:
			seen[v.string] = true
			values = append(values, v)
		}
	}
	return values
}

// items are the nodes of a sequence.
func (d *document) items(n *yaml.Node, what string) []*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		d.complain(n, "%s: expected a list, got %s", what, kindOf(n))
		return nil
	}
	return n.Content
}

// shown is a node as a complaint quotes it.
func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return strconv.Quote(n.Value)
	}
	return kindOf(n)
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return strconv.Quote(n.Value)
	case yaml.AliasNode:
		return "an alias"
	case yaml.DocumentNode:
		return "a document"
	default:
		return "nothing"
	}
}

package contexts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"sort"

	"gopkg.in/yaml.v3"
)

// maxFileBytes bounds a YAML file: nobody writes one of this size by hand.
const maxFileBytes = 1 << 20

// A document is a YAML file that is being read, and the problems found in it. Its methods report what is wrong and return zero values, so
// that reading goes on and finds the rest.
type document struct {
	path     string
	problems Problems
}

// readDocument reads a file with exactly one YAML document; the node is nil when there is none to be read.
func readDocument(file, path string) (*document, *yaml.Node) {
	d := &document{path: path}
	data, err := readLimited(file)
	if err != nil {
		d.complain(nil, "%s", fileError(err))
		return d, nil
	}
	return d, d.parse(data)
}

func readLimited(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxFileBytes)
	}
	return data, err
}

// fileError is why a file cannot be read, without the path that the complaint begins with.
func fileError(err error) string {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err.Error()
	}
	return err.Error()
}

// parse returns the root of the one document in data, free of anchors and repeated keys.
func (d *document) parse(data []byte) (root *yaml.Node) {
	// The YAML library reports most of its errors by panicking inside; those that it lets through on hostile input end here.
	defer func() {
		if r := recover(); r != nil {
			d.complain(nil, "not YAML: %v", r)
			root = nil
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var node yaml.Node
	if err := decoder.Decode(&node); err != nil {
		if !d.foundTab(data) {
			d.syntaxError(data, err)
		}
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		d.complain(&second, "a second document: one file has one")
	case !errors.Is(err, io.EOF):
		d.syntaxError(data, err)
		return nil
	}
	if len(node.Content) == 0 {
		return nil
	}
	if !d.plain(node.Content[0], 0) {
		return nil
	}
	return node.Content[0]
}

// foundTab reports the first line that is indented with a tab; the library's own message for it is hard to understand.
func (d *document) foundTab(data []byte) bool {
	for i, line := range bytes.Split(data, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if tab := bytes.IndexByte(indent, '\t'); tab >= 0 && len(bytes.TrimSpace(line)) > 0 {
			d.problems = append(d.problems, Problem{
				Path: d.path, Line: i + 1, Column: tab + 1, Message: "a tab in the indentation: YAML is indented with spaces",
			})
			return true
		}
	}
	return false
}

var yamlLine = regexp.MustCompile(`^yaml: (line \d+: )?`)

func (d *document) syntaxError(data []byte, err error) {
	if errors.Is(err, io.EOF) {
		d.complain(nil, "empty")
		return
	}
	message := yamlLine.ReplaceAllString(err.Error(), "")
	d.problems = append(d.problems, Problem{Path: d.path, Line: errorLine(data, err), Message: "not YAML: " + message})
}

// errorLine is the line with which the error comes up. The library's own is often one too low, or that where the surrounding block begins.
func errorLine(data []byte, err error) int {
	lines := bytes.SplitAfter(data, []byte("\n"))
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		found := yamlError(bytes.Join(lines[:i+1], nil))
		return found != nil && found.Error() == err.Error()
	})
}

// yamlError is what keeps data from being YAML.
func yamlError(data []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for err == nil {
		err = decoder.Decode(new(yaml.Node))
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// maxDepth bounds nesting: what reads the tree is recursive.
const maxDepth = 100

// plain refuses anchors, aliases and too deep nesting everywhere below n, so that what reads it need not think of them.
func (d *document) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		d.complain(n, "nested deeper than %d levels", maxDepth)
		return false
	case n.Kind == yaml.AliasNode:
		d.complain(n, "alias *%s: anchors and aliases are not supported, write the value out", n.Value)
		return false
	case n.Anchor != "":
		d.complain(n, "anchor &%s: anchors and aliases are not supported, write the value out", n.Anchor)
		return false
	}
	ok := true
	for _, child := range n.Content {
		ok = d.plain(child, depth+1) && ok
	}
	return ok
}

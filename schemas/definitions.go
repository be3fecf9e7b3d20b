package schemas

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
)

// maxSchemaDepth bounds how deep types are written within types.
const maxSchemaDepth = 100

// A definition is a named type as some file defines it.
type definition struct {
	name, namespace, file string
	node                  map[string]any
}

var errTooDeep = errors.New("types are nested too deep")

// collect finds every named type defined in node, so that files may name types of each other in any order.
func (l *loader) collect(file string, node any, namespace string, depth int) error {
	if depth > maxSchemaDepth {
		return errTooDeep
	}
	switch node := node.(type) {
	case []any:
		for _, branch := range node {
			if err := l.collect(file, branch, namespace, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		if isNamed(node["type"]) {
			name, inner, err := fullName(node, namespace)
			if err != nil {
				return err
			}
			namespace = inner
			d := &definition{name: name, namespace: inner, file: file, node: node}
			if other := l.definitions[name]; other != nil {
				l.problem(file, l.offsetOf(d), fmt.Sprintf("%s is defined twice, also in %s", name, other.file))
				return nil
			}
			l.definitions[name] = d
			l.order = append(l.order, d)
		}
		return l.collectInside(file, node, namespace, depth)
	}
	return nil
}

func (l *loader) collectInside(file string, node map[string]any, namespace string, depth int) error {
	for _, key := range []string{"type", "items", "values"} {
		if inner, ok := node[key]; ok {
			if err := l.collect(file, inner, namespace, depth+1); err != nil {
				return err
			}
		}
	}
	fields, _ := node["fields"].([]any)
	for _, field := range fields {
		if field, ok := field.(map[string]any); ok {
			if err := l.collect(file, field["type"], namespace, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// expand is node complete: the first mention of each named type is its definition, under its full name.
func (l *loader) expand(node any, namespace string, defined map[string]bool) (any, error) {
	switch node := node.(type) {
	case string:
		return l.reference(node, namespace, defined)
	case []any:
		branches := make([]any, len(node))
		for i, branch := range node {
			expanded, err := l.expand(branch, namespace, defined)
			if err != nil {
				return nil, err
			}
			branches[i] = expanded
		}
		return branches, nil
	case map[string]any:
		return l.expandObject(node, namespace, defined)
	}
	return nil, fmt.Errorf("a type must be a name, an object or an array, not %v", node)
}

func (l *loader) reference(name, namespace string, defined map[string]bool) (any, error) {
	if _, primitive := kinds[name]; primitive {
		return name, nil
	}
	full := name
	if !strings.Contains(name, ".") && namespace != "" {
		full = namespace + "." + name
		if l.definitions[full] == nil {
			full = name
		}
	}
	d := l.definitions[full]
	if d == nil {
		return nil, fmt.Errorf("no type %s%s", name, spelling.DidYouMean(name, l.typeNames()))
	}
	if defined[full] {
		return full, nil
	}
	return l.expand(d.node, d.namespace, defined)
}

func (l *loader) expandObject(node map[string]any, namespace string, defined map[string]bool) (any, error) {
	out := maps.Clone(node)
	if isNamed(node["type"]) {
		name, inner, err := fullName(node, namespace)
		if err != nil {
			return nil, err
		}
		if defined[name] {
			return name, nil
		}
		defined[name] = true
		// An empty namespace is written out: without it the type would get that of the type around it.
		out["name"], out["namespace"], namespace = lastPart(name), inner, inner
	} else if kind, ok := node["type"].(string); !ok || kinds[kind] == Null && kind != "null" {
		expanded, err := l.expand(node["type"], namespace, defined)
		if err != nil {
			return nil, err
		}
		out["type"] = expanded
	}
	for _, key := range []string{"items", "values"} {
		inner, ok := node[key]
		if !ok {
			continue
		}
		expanded, err := l.expand(inner, namespace, defined)
		if err != nil {
			return nil, err
		}
		out[key] = expanded
	}
	return out, l.expandFields(node, out, namespace, defined)
}

func (l *loader) expandFields(node, out map[string]any, namespace string, defined map[string]bool) error {
	fields, ok := node["fields"].([]any)
	if !ok {
		return nil
	}
	expandedFields := make([]any, len(fields))
	for i, field := range fields {
		field, ok := field.(map[string]any)
		if !ok {
			return fmt.Errorf("field %d must be an object", i+1)
		}
		expanded, err := l.expand(field["type"], namespace, defined)
		if err != nil {
			return fmt.Errorf("field %v: %w", field["name"], err)
		}
		clone := maps.Clone(field)
		clone["type"] = expanded
		expandedFields[i] = clone
	}
	out["fields"] = expandedFields
	return nil
}

func (l *loader) typeNames() []string {
	names := slices.Sorted(maps.Keys(l.definitions))
	for _, d := range l.order {
		names = append(names, lastPart(d.name))
	}
	return append(names, slices.Sorted(maps.Keys(kinds))...)
}

func isNamed(kind any) bool {
	switch kind {
	case "record", "error", "enum", "fixed":
		return true
	}
	return false
}

// fullName is the name of a named type's definition, and the namespace of what is within it.
func fullName(node map[string]any, namespace string) (name, inner string, err error) {
	name, ok := node["name"].(string)
	if !ok || name == "" {
		return "", "", fmt.Errorf("a %v needs a name", node["type"])
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name, name[:i], nil
	}
	if own, ok := node["namespace"].(string); ok {
		namespace = own
	}
	if namespace == "" {
		return name, "", nil
	}
	return namespace + "." + name, namespace, nil
}

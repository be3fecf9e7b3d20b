package typed

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/twmb/avro"

	"github.com/partita-io/partita/schemas"
)

// A record is a struct that is written as an Avro record.
type record struct {
	goType reflect.Type
	infer  func(...avro.SchemaOpt) (*avro.Schema, error)
}

func recordOf[T any]() record {
	return record{goType: reflect.TypeFor[T](), infer: avro.SchemaFor[T]}
}

// name is the last part of the record's name, as headers have it.
func (r record) name() string { return r.goType.Name() }

// definitions collects the named types of all records, each once: structs are used within each other, and Avro names a type once.
type definitions struct {
	namespace string
	byName    map[string]map[string]any
	owners    map[string]reflect.Type
	// rename is what a type is called, by the name that its Go type has; nil: the same.
	rename func(goName string) string
}

func newDefinitions(namespace string) *definitions {
	return &definitions{namespace: namespace, byName: map[string]map[string]any{}, owners: map[string]reflect.Type{}}
}

func (d *definitions) fullName(name string) string {
	if d.namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return d.namespace + "." + name
}

// add takes a record's schema apart.
func (d *definitions) add(r record) error {
	if r.goType.Kind() != reflect.Struct || r.name() == "" {
		return fmt.Errorf("%s is no struct with a name: it is the name of a record", r.goType)
	}
	if other, ok := d.owners[r.name()]; ok && other != r.goType {
		return fmt.Errorf("%s and %s would both be the record %s: rename one of them", other, r.goType, r.name())
	}
	d.owners[r.name()] = r.goType
	schema, err := r.infer(avro.WithNamespace(d.namespace))
	if err != nil {
		return fmt.Errorf("struct %s as an Avro record: %w", r.goType, err)
	}
	var node any
	if err := json.Unmarshal([]byte(schema.String()), &node); err != nil {
		return fmt.Errorf("struct %s: its Avro schema: %w", r.goType, err)
	}
	_, err = d.collect(node)
	return err
}

// collect returns node with the definitions within it replaced by their names.
func (d *definitions) collect(node any) (any, error) {
	switch node := node.(type) {
	case []any:
		for i := range node {
			var err error
			if node[i], err = d.collect(node[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		return d.collectObject(node)
	case string:
		return d.renamed(node), nil
	}
	return node, nil
}

// renamed is the name of a type, which may be a full one.
func (d *definitions) renamed(name string) string {
	if d.rename == nil {
		return name
	}
	last := strings.LastIndexByte(name, '.') + 1
	return name[:last] + d.rename(name[last:])
}

func (d *definitions) collectObject(node map[string]any) (any, error) {
	var err error
	for _, key := range []string{"type", "items", "values"} {
		if inner, ok := node[key]; ok {
			if node[key], err = d.collect(inner); err != nil {
				return nil, err
			}
		}
	}
	fields, _ := node["fields"].([]any)
	for _, field := range fields {
		// A field is no type itself, but holds one in the same place. An inferred schema is valid, so these are objects.
		if _, err := d.collectObject(field.(map[string]any)); err != nil {
			return nil, err
		}
	}
	switch node["type"] {
	case "record", "enum", "fixed":
		return d.define(node)
	}
	return node, nil
}

func (d *definitions) define(node map[string]any) (any, error) {
	name := d.fullName(d.renamed(node["name"].(string)))
	node = maps.Clone(node)
	node["name"] = name
	delete(node, "namespace")
	if other, ok := d.byName[name]; ok && !reflect.DeepEqual(other, node) {
		return nil, fmt.Errorf("several Go types would be the Avro type %s: rename all but one of them", name)
	}
	d.byName[name] = node
	return name, nil
}

// set compiles what was collected.
func (d *definitions) set() (*schemas.Set, error) {
	texts := make([]string, 0, len(d.byName))
	for _, node := range d.byName {
		text, err := json.Marshal(node)
		if err != nil {
			return nil, fmt.Errorf("schema of %s: %w", node["name"], err)
		}
		texts = append(texts, string(text))
	}
	return schemas.Parse(texts...)
}

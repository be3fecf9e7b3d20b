package typed

import (
	"fmt"

	"github.com/twmb/avro"
)

// The defaults of a struct are a record of those of its fields alone that have one, so that reading it leaves the others what they are.
type defaults struct {
	schema *avro.Schema
	data   []byte
}

func newDefaults(of *avro.Schema) (defaults, error) {
	root := of.Root()
	node, ok := onlyDefaults(root.ExpandReferences(), "Defaults")
	if !ok {
		return defaults{}, nil
	}
	schema, err := node.Schema()
	if err != nil {
		return defaults{}, err
	}
	data, err := schema.Encode(map[string]any{})
	return defaults{schema: schema, data: data}, err
}

// onlyDefaults is a record with the fields of node that have a default, or whose fields have one. It is false if there are none.
func onlyDefaults(node *avro.SchemaNode, name string) (avro.SchemaNode, bool) {
	kept := avro.SchemaNode{Type: "record", Name: name}
	for _, field := range node.Fields {
		if !field.HasDefault && field.Type.Type == "record" {
			field.Type, field.HasDefault = onlyDefaults(&field.Type, fmt.Sprintf("%s_%s", name, field.Name))
			field.Default = map[string]any{}
		}
		if field.HasDefault {
			kept.Fields = append(kept.Fields, field)
		}
	}
	return kept, len(kept.Fields) > 0
}

// set reads the defaults into the struct that pointer points to.
func (d defaults) set(pointer any) error {
	if d.schema == nil {
		return nil
	}
	_, err := d.schema.Decode(d.data, pointer)
	return err
}

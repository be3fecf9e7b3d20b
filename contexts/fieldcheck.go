package contexts

import (
	"gopkg.in/yaml.v3"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// checkFields reports what cannot be a value of type t: fields that a record lacks and values of another shape. A complete value needs every
// field that has no default; an expectation names only those it compares.
func (d *document) checkFields(n *yaml.Node, t *schemas.Type, what string, complete bool) {
	if t.Optional != nil {
		if n.ShortTag() == "!!null" {
			return
		}
		t = t.Optional
	}
	switch t.Kind {
	case schemas.Record:
		d.checkRecord(n, t, what, complete)
	case schemas.Map:
		for _, e := range d.entries(n, what) {
			d.checkFields(e.value, t.Elem, what+"."+e.key.string, true)
		}
	case schemas.Array:
		for _, item := range d.items(n, what) {
			d.checkFields(item, t.Elem, what, true)
		}
	case schemas.Union:
		// Which branch is meant is for the codec to tell.
	case schemas.Null, schemas.Boolean, schemas.Int, schemas.Long, schemas.Float, schemas.Double, schemas.String, schemas.Bytes, schemas.Fixed,
		schemas.Enum:
		if n.Kind != yaml.ScalarNode {
			d.complain(n, "%s: expected one value, got %s", what, kindOf(n))
		}
	}
}

func (d *document) checkRecord(n *yaml.Node, t *schemas.Type, what string, complete bool) {
	if n.Kind != yaml.MappingNode {
		d.complain(n, "%s: expected the fields of %s, got %s", what, lastPart(t.Name), kindOf(n))
		return
	}
	given := map[string]bool{}
	for _, e := range d.entries(n, what) {
		given[e.key.string] = true
		i := t.FieldIndex(e.key.string)
		if i < 0 {
			d.complain(e.key.node, "%s: there is no field %s%s", what, e.key.string, meantOrThere(e.key.string, fieldNames(t)))
			given[spelling.Nearest(e.key.string, fieldNames(t))] = true // So that it is not missing too.
			continue
		}
		d.checkFields(e.value, t.Fields[i].Type, what+"."+e.key.string, complete)
	}
	for _, f := range t.Fields {
		if complete && !f.HasDefault && !given[f.Name] {
			d.complain(n, "%s: field %s is missing: it has no default", what, f.Name)
		}
	}
}

func fieldNames(t *schemas.Type) []string {
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return names
}

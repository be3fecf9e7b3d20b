package starlark

import (
	"errors"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/schemas"
)

// constructors are functions that make the records that occur in the messages: Line(sku = "apple"). A name that two records share has none.
func constructors(messages []*Message) star.StringDict {
	found := map[string]*schemas.Type{}
	seen := map[*schemas.Type]bool{}
	for _, m := range messages {
		collectRecords(m.Type, found, seen)
	}
	out := star.StringDict{}
	for name, t := range found {
		if t != nil {
			out[name] = constructor(name, t)
		}
	}
	return out
}

func collectRecords(t *schemas.Type, found map[string]*schemas.Type, seen map[*schemas.Type]bool) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	if t.Kind == schemas.Record {
		name := shortName(t.Name)
		if other, taken := found[name]; taken && (other == nil || other.Name != t.Name) {
			found[name] = nil
		} else {
			found[name] = t
		}
	}
	for i := range t.Fields {
		collectRecords(t.Fields[i].Type, found, seen)
	}
	for _, branch := range t.Branches {
		collectRecords(branch, found, seen)
	}
	collectRecords(t.Elem, found, seen)
}

func constructor(name string, t *schemas.Type) *star.Builtin {
	return star.NewBuiltin(name, func(thread *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
		if len(args) > 0 {
			return nil, errors.New("name the fields, as in " + name + "(" + exampleField(t) + ")")
		}
		return newRecord(t, kwargs, budgetOf(thread), 0)
	})
}

func exampleField(t *schemas.Type) string {
	if len(t.Fields) == 0 {
		return ""
	}
	return t.Fields[0].Name + " = …"
}

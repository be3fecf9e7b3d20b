package schemas

// ambiguities finds what a value alone does not tell of its branch: as a plain value, and in JSON.
func ambiguities(t *Type) (wrapped, tagged bool) {
	records, arrays := 0, 0
	seen := map[string]bool{}
	for _, branch := range t.Branches {
		//exhaustive:ignore
		switch branch.Kind {
		case Record:
			records++
		case Array:
			arrays++
		}
		forms := jsonForms(branch)
		for _, form := range forms {
			tagged = tagged || seen[form]
		}
		for _, form := range forms {
			seen[form] = true
		}
	}
	return records > 1 || records == 1 && arrays == 1, tagged
}

// jsonForms are the forms of JSON that values of t can have.
func jsonForms(t *Type) []string {
	//exhaustive:ignore
	switch t.Kind {
	case Null:
		return nil
	case Boolean:
		return []string{"boolean"}
	case Int, Long:
		if t.Logical == NoLogical {
			return []string{"number"}
		}
		return []string{"number", "string"}
	case Float, Double:
		return []string{"number", "string"}
	case Bytes, Fixed:
		if t.Logical == Decimal {
			return []string{"number", "string"}
		}
		return []string{"string"}
	case Array:
		return []string{"array"}
	case Map, Record:
		return []string{"object"}
	default:
		return []string{"string"}
	}
}

// rawSchema is the schema for goavro: no logical types, no defaults, unmistakable names.
func rawSchema(t *Type, defined map[*Type]bool) any {
	if t.Name != "" {
		if defined[t] {
			return t.goavroName
		}
		defined[t] = true
	}
	//exhaustive:ignore
	switch t.Kind {
	case Record:
		fields := make([]any, len(t.Fields))
		for i := range t.Fields {
			fields[i] = map[string]any{"name": t.Fields[i].Name, "type": rawSchema(t.Fields[i].Type, defined)}
		}
		return map[string]any{"type": "record", "name": t.goavroName, "fields": fields}
	case Enum:
		return map[string]any{"type": "enum", "name": t.goavroName, "symbols": t.Symbols}
	case Fixed:
		return map[string]any{"type": "fixed", "name": t.goavroName, "size": t.Size}
	case Array:
		return map[string]any{"type": "array", "items": rawSchema(t.Elem, defined)}
	case Map:
		return map[string]any{"type": "map", "values": rawSchema(t.Elem, defined)}
	case Union:
		branches := make([]any, len(t.Branches))
		for i := range t.Branches {
			branches[i] = rawSchema(t.Branches[i], defined)
		}
		return branches
	default:
		return t.goavroName
	}
}

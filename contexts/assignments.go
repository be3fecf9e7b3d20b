package contexts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/partita-io/partita/schemas"
)

// PayloadJSON makes a message's JSON of field=value words, as people type them. A value is taken for what the field's schema says: words for
// strings, numbers for numbers; anything nested is JSON. A field that may be null takes null.
func PayloadJSON(m *schemas.Message, assignments []string) ([]byte, error) {
	fields := make(map[string]json.RawMessage, len(assignments))
	for _, a := range assignments {
		name, value, found := strings.Cut(a, "=")
		if !found {
			return nil, fmt.Errorf("%s: expected field=value, as in %s", a, example(m.Type))
		}
		i := m.Type.FieldIndex(name)
		if i < 0 {
			return nil, fmt.Errorf("%s has no field %s%s", m.Name, name, meantOrThere(name, fieldNames(m.Type)))
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%s: the field is given twice", name)
		}
		data, err := fieldJSON(m.Type.Fields[i].Type, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fields[name] = data
	}
	for _, f := range m.Type.Fields {
		if _, given := fields[f.Name]; !given && !f.HasDefault {
			return nil, fmt.Errorf("%s needs %s: add %s=…", m.Name, f.Name, f.Name)
		}
	}
	return json.Marshal(fields)
}

func example(t *schemas.Type) string {
	if len(t.Fields) == 0 {
		return "quantity=2 (but this record has no fields)"
	}
	return t.Fields[0].Name + "=…"
}

func fieldJSON(t *schemas.Type, value string) (json.RawMessage, error) {
	if t.Optional != nil {
		if value == "null" {
			return json.RawMessage("null"), nil
		}
		t = t.Optional
	}
	if isTyped(t) {
		return json.Marshal(value)
	}
	data := []byte(strings.TrimSpace(value))
	if !json.Valid(data) {
		if unitsPerSecond(t.Logical) > 0 {
			return json.Marshal(value)
		}
		return nil, fmt.Errorf("expected %s, got %q", shapeOf(t), value)
	}
	if want := shapeOf(t); !fits(t, data) {
		return nil, fmt.Errorf("expected %s, got %q", want, value)
	}
	return data, nil
}

// isTyped tells whether the value is a JSON string, so that a person types it without quotes.
func isTyped(t *schemas.Type) bool {
	switch t.Kind {
	case schemas.String, schemas.Bytes, schemas.Fixed, schemas.Enum:
		return true
	case schemas.Int, schemas.Long:
		return t.Logical == schemas.Date
	case schemas.Null, schemas.Boolean, schemas.Float, schemas.Double, schemas.Array, schemas.Map, schemas.Record, schemas.Union:
		return false
	}
	return false
}

func shapeOf(t *schemas.Type) string {
	switch t.Kind {
	case schemas.Null:
		return "null"
	case schemas.Boolean:
		return "true or false"
	case schemas.Int, schemas.Long:
		return "a whole number"
	case schemas.Float, schemas.Double:
		return "a number"
	case schemas.Array:
		return "a JSON array"
	case schemas.Map, schemas.Record:
		return "a JSON object"
	case schemas.String, schemas.Bytes, schemas.Fixed, schemas.Enum, schemas.Union:
		return "JSON"
	}
	return "JSON"
}

// fits tells whether JSON begins as the shape does; the rest is checked by whoever decodes it.
func fits(t *schemas.Type, data []byte) bool {
	switch t.Kind {
	case schemas.Null:
		return bytes.Equal(data, []byte("null"))
	case schemas.Boolean:
		return data[0] == 't' || data[0] == 'f'
	case schemas.Int, schemas.Long:
		return !bytes.ContainsAny(data, ".eE\"[{tfn")
	case schemas.Float, schemas.Double:
		return data[0] == '-' || data[0] >= '0' && data[0] <= '9'
	case schemas.Array:
		return data[0] == '['
	case schemas.Map, schemas.Record:
		return data[0] == '{'
	case schemas.String, schemas.Bytes, schemas.Fixed, schemas.Enum, schemas.Union:
		return true
	}
	return true
}

package schemas

import (
	"fmt"
	"strings"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"
)

// A Message is a record type that payloads are made of: a command, an event, a state or a row.
type Message struct {
	// Name is the last part of FullName, as in the header ce_type.
	Name     string
	FullName string
	Type     *Type
	// Fingerprint is the CRC-64-AVRO of the schema's Parsing Canonical Form.
	Fingerprint uint64
	// SchemaJSON is complete: it refers to no type that it does not define.
	SchemaJSON string

	codec    *goavro.Codec
	resolver *avro.Schema
}

// Default is a fresh plain record of the fields' defaults; an error names the fields without one.
func (m *Message) Default() ([]any, error) {
	if missing := m.MissingDefaults(); len(missing) > 0 {
		return nil, fmt.Errorf("record %s: no default for %s: give each a \"default\"", m.FullName, strings.Join(missing, ", "))
	}
	record := make([]any, len(m.Type.Fields))
	for i := range m.Type.Fields {
		record[i] = clone(m.Type.Fields[i].Default)
	}
	return record, nil
}

// MissingDefaults are the names of the fields without a default, in schema order.
func (m *Message) MissingDefaults() []string {
	var names []string
	for _, field := range m.Type.Fields {
		if !field.HasDefault {
			names = append(names, field.Name)
		}
	}
	return names
}

// clone copies what can be changed in place. Decimals are never changed in place.
func clone(value any) any {
	switch value := value.(type) {
	case []any:
		items := make([]any, len(value))
		for i := range value {
			items[i] = clone(value[i])
		}
		return items
	case map[string]any:
		entries := make(map[string]any, len(value))
		for key, item := range value {
			entries[key] = clone(item)
		}
		return entries
	case []byte:
		return append([]byte{}, value...)
	case Branch:
		return Branch{Name: value.Name, Value: clone(value.Value)}
	}
	return value
}

func lastPart(fullName string) string { return fullName[strings.LastIndexByte(fullName, '.')+1:] }

package contexts

import (
	"fmt"
	"strings"

	"github.com/partita-io/partita/schemas"
)

// A StoredSchema is a schema under which values of the context's topics were written, from its topic of schemas.
type StoredSchema struct {
	// Name is the full name of the record.
	Name        string
	Fingerprint uint64
	JSON        string
}

// CheckHistory tells which stored values the folder's schemas could no longer read: states, events, commands and rows that were written under
// an older schema of the same name.
func CheckHistory(c *Context, stored []StoredSchema) Problems {
	byName := map[string][]StoredSchema{}
	for _, s := range stored {
		byName[s.Name] = append(byName[s.Name], s)
	}
	var problems Problems
	for _, m := range c.Schemas.Messages() {
		for _, old := range byName[m.FullName] {
			// The fingerprint leaves out logical types, so schemas that differ in the scale of a decimal have the same.
			if old.Fingerprint == m.Fingerprint && old.JSON == m.SchemaJSON {
				continue
			}
			if err := schemas.Compatible(old.JSON, c.reader(m, old.Fingerprint).SchemaJSON); err != nil {
				problems = append(problems, Problem{Path: joinShown(c.Dir, schemasDir), Message: incompatible(m, old, err) + c.otherUpcast(m, old)})
			}
		}
	}
	return problems.sorted()
}

// otherUpcast tells that there is an upcast of the record, and that it is not from this.
func (c *Context) otherUpcast(m *schemas.Message, old StoredSchema) string {
	for _, was := range c.older {
		if was.FullName == m.FullName && was.Fingerprint != old.Fingerprint {
			return "; what upcasts/ has of it describes another shape than " + old.JSON
		}
	}
	return ""
}

// reader is the record as which something is read: as it was, if an upcast takes it from there. JSON does not say what it was written as.
func (c *Context) reader(m *schemas.Message, fingerprint uint64) *schemas.Message {
	if was := c.older[fingerprint]; was != nil && was.FullName == m.FullName && c.Encoding != JSON {
		return was
	}
	return m
}

func incompatible(m *schemas.Message, old StoredSchema, err error) string {
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	return fmt.Sprintf("record %s: what is stored under its schema %016x could not be read any more: %s "+
		"(give an added field a default, keep the type of a field, bring it to the new shape in upcasts/, or make a record of a new name)", m.Name, old.Fingerprint, reason)
}

package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/contexts"
)

// parseLine takes a line of input apart: who is meant, what, and the fields. A field of the command that is itself called "id" stays one.
func parseLine(line []byte, entity *contexts.Entity) (asking.Command, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return asking.Command{}, fmt.Errorf("want a JSON object: %w", err)
	}
	var c asking.Command
	for _, part := range []struct {
		name string
		into *string
	}{{"type", &c.Type}, {"id", &c.ID}, {"command_id", &c.CommandID}} {
		raw, ok := fields[part.name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, part.into); err != nil {
			return asking.Command{}, fmt.Errorf("%q: %w", part.name, err)
		}
	}
	if c.Type == "" || c.ID == "" {
		return asking.Command{}, errors.New(`"id" or "type" is missing: want {"id":…,"type":…, fields}`)
	}
	m, err := entity.FindCommand(c.Type)
	if err != nil {
		return asking.Command{}, err
	}
	for _, name := range []string{"type", "id", "command_id"} {
		if m.Type.FieldIndex(name) < 0 {
			delete(fields, name)
		}
	}
	c.Fields, err = json.Marshal(fields)
	return c, err
}

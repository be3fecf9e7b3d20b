package schemas

import "fmt"

// finish works out what takes whole types to know.
func (c *compiler) finish() error {
	for _, t := range c.all {
		t.empty = isEmpty(t, map[*Type]bool{})
		if t.Kind == Union {
			t.wrapped, t.tagged = ambiguities(t)
		}
	}
	for _, t := range c.all {
		t.direct = isDirect(t)
	}
	for _, t := range c.all {
		for i := range t.Fields {
			if err := t.Fields[i].convertDefault(); err != nil {
				return fmt.Errorf("field %s.%s: default: %w", lastPart(t.Name), t.Fields[i].Name, err)
			}
		}
	}
	return nil
}

// isEmpty tells whether values of t take no bytes. A record within itself without end has no value at all and counts as not empty.
func isEmpty(t *Type, seen map[*Type]bool) bool {
	//exhaustive:ignore
	switch t.Kind {
	case Null:
		return true
	case Fixed:
		return t.Size == 0
	case Record:
		if seen[t] {
			return false
		}
		seen[t] = true
		defer delete(seen, t)
		for i := range t.Fields {
			if !isEmpty(t.Fields[i].Type, seen) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// isDirect tells whether goavro's value, and each item of it, is the plain one already.
func isDirect(t *Type) bool {
	//exhaustive:ignore
	switch t.Kind {
	case Null, Boolean, Long, Double, String, Enum:
		return t.Logical == NoLogical
	case Array, Map:
		return t.Elem.Kind != Array && t.Elem.Kind != Map && isDirect(t.Elem)
	default:
		return false
	}
}

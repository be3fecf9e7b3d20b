package schemas

import "fmt"

// Validate tells whether data are one whole value of the record, as bare Avro binary under its own schema and within the limits of any message. It
// is for those who read or write such data by other means than a [Codec].
func (m *Message) Validate(data []byte) error {
	if err := scan(m.Type, data); err != nil {
		return fmt.Errorf("record %s: %w", m.Name, err)
	}
	return nil
}

package schemas

// Validate tells whether data are one whole value of the record, as bare Avro binary under its own schema and within the limits of any message. It
// is for those who read or write such data by other means than a [Codec]. The error is *entities.Failure.
func (m *Message) Validate(data []byte) error {
	if err := scan(m.Type, data); err != nil {
		return malformed("record %s: %v", m.Name, err)
	}
	return nil
}

package entities

// A Header is a record header as it came with a command.
type Header struct {
	Key   string
	Value []byte
}

// A Payload is an encoded message: Avro single-object, Confluent wire format or JSON.
type Payload struct {
	Data []byte
	// ContentType is the record's content-type header, empty if it had none. The first bytes of Data decide where it is silent.
	ContentType string
}

// A Command asks one entity for something.
type Command struct {
	EntityID string
	// Type is the last part of the record name ("AddItem"). Empty: the payload names it (a JSON object with a "type" field).
	Type    string
	Payload Payload
	// ID is the sender's command id, "source/id"; without one, "topic/partition/offset" of the record. Behaviours see it as ctx.command_id.
	ID string
	// Sequence is that of the entity's last event before this command; 0 for an entity without events.
	Sequence int64
	// NowMS is the record's timestamp, in ms since 1970; it may go back from one command to the next.
	NowMS   int64
	Headers []Header
}

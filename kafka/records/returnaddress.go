package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A ReturnAddress is the value of the header [OnReply], as JSON: where an answer goes, and as which command.
type ReturnAddress struct {
	// Topic is a topic of commands, Partition that of ID.
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	// ID is the entity that is told, Type the command that tells it.
	ID   string `json:"id"`
	Type string `json:"type"`
	// Fields go into the command as they are; Take names the fields of the answer that go beside them.
	Fields map[string]json.RawMessage `json:"fields,omitempty"`
	Take   []string                   `json:"take,omitempty"`
}

// commandsSuffix ends the names of topics of commands.
const commandsSuffix = ".commands"

// IsCommands tells whether a topic's name is one of commands.
func IsCommands(topic string) bool { return strings.HasSuffix(topic, commandsSuffix) }

// maxReturnAddress bounds the header: what an entity wants to be told again belongs into its state when there is much of it.
const maxReturnAddress = 16 << 10

// Append appends the header's value.
func (a *ReturnAddress) Append(dst []byte) ([]byte, error) {
	value, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	if len(value) > maxReturnAddress {
		return nil, fmt.Errorf("%s: what the answer comes back with takes %d bytes, at most %d: keep it in the state, and give the answer its key", OnReply,
			len(value), maxReturnAddress)
	}
	return append(dst, value...), nil
}

// ParseReturnAddress reads what [ReturnAddress.Append] writes.
func ParseReturnAddress(value []byte) (*ReturnAddress, error) {
	if len(value) > maxReturnAddress {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", OnReply, len(value), maxReturnAddress)
	}
	d := json.NewDecoder(bytes.NewReader(value))
	d.DisallowUnknownFields()
	a := &ReturnAddress{}
	if err := d.Decode(a); err != nil {
		return nil, fmt.Errorf("%s: %w", OnReply, err)
	}
	switch {
	case !IsCommands(a.Topic):
		return nil, fmt.Errorf("%s: topic %.100q is none of commands: its name ends in %s", OnReply, a.Topic, commandsSuffix)
	case a.Partition < 0:
		return nil, fmt.Errorf("%s: partition %d", OnReply, a.Partition)
	case a.ID == "" || a.Type == "":
		return nil, errors.New(OnReply + ": id and type say who is told, and by which command")
	}
	return a, nil
}

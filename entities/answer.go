package entities

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Status is what became of a command.
type Status string

// The statuses.
const (
	Accepted Status = "accepted"
	Rejected Status = "rejected"
	Failed   Status = "failed"
)

// An Answer is the value of a reply record.
type Answer struct {
	Status Status `json:"status"`
	// Code and Message say why a command was rejected or failed.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Sequence is the entity's after the command; Events is how many it caused.
	Sequence int64 `json:"sequence"`
	Events   int   `json:"events,omitempty"`
	// Reply is what the behaviour replied, as JSON.
	Reply json.RawMessage `json:"reply,omitempty"`
	// Repeated says that the command had been answered before, and this is that answer.
	Repeated bool `json:"repeated,omitempty"`
}

// Append appends the answer as JSON.
func (a *Answer) Append(dst []byte) []byte {
	dst = append(dst, `{"status":"`...)
	dst = append(dst, a.Status...)
	dst = append(dst, '"')
	if a.Status != Accepted {
		dst = appendText(append(dst, `,"code":`...), a.Code)
		dst = appendText(append(dst, `,"message":`...), a.Message)
	}
	dst = strconv.AppendInt(append(dst, `,"sequence":`...), a.Sequence, 10)
	if a.Status == Accepted {
		dst = strconv.AppendInt(append(dst, `,"events":`...), int64(a.Events), 10)
	}
	if len(a.Reply) > 0 {
		dst = append(append(dst, `,"reply":`...), a.Reply...)
	}
	if a.Repeated {
		dst = append(dst, `,"repeated":true`...)
	}
	return append(dst, '}')
}

// appendText appends s as a JSON string; bytes that are no UTF-8 become the replacement character.
func appendText(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...)
	}
	return append(dst, text...)
}

// ParseAnswer reads the value of a reply record.
func ParseAnswer(b []byte) (Answer, error) {
	var a Answer
	if err := json.Unmarshal(b, &a); err != nil {
		return Answer{}, fmt.Errorf("answer: %w", err)
	}
	switch a.Status {
	case Accepted, Rejected, Failed:
		return a, nil
	}
	return Answer{}, fmt.Errorf("answer of status %q: want accepted, rejected or failed", a.Status)
}

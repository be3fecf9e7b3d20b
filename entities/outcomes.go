package entities

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
	"unicode/utf8"
)

// A CommandHash stands for a command's id: the first 16 bytes of the SHA-256 of its source and id, each with its length before it.
type CommandHash [16]byte

// HashCommand hashes ce_source and ce_id. Because of the lengths no two pairs look alike.
func HashCommand(source, id string) CommandHash {
	b := binary.AppendUvarint(make([]byte, 0, 128), uint64(len(source)))
	b = append(b, source...)
	b = binary.AppendUvarint(b, uint64(len(id)))
	b = append(b, id...)
	sum := sha256.Sum256(b)
	return CommandHash(sum[:16])
}

// Remember bounds how many answers an entity keeps, and for how long.
type Remember struct {
	Outcomes int
	For      time.Duration
}

// DefaultRemember is what an entity remembers unless its context says otherwise.
var DefaultRemember = Remember{Outcomes: 32, For: 24 * time.Hour}

// An Outcome is a remembered answer, so that a command that comes again gets it again and is not applied twice. Accepted and rejected commands
// are remembered; failed ones are not, so a command that failed can be sent again once the cause is mended.
type Outcome struct {
	Command  CommandHash
	Rejected bool
	// Code and Message are a rejection's, each cut at 256 bytes.
	Code, Message string
	// Sequence is the entity's after the command, Events how many it caused.
	Sequence int64
	Events   int
	// Reply is the reply as JSON if it has at most 256 bytes, else nil.
	Reply []byte
	// TimeMS is when it was decided, by the owner's clock.
	TimeMS int64
}

const (
	maxRememberedReply = 256
	maxRememberedText  = 256
)

// Recall finds the answer to a command among those that are not older than the bound.
func (r Remember) Recall(outcomes []Outcome, command CommandHash, nowMS int64) (Outcome, bool) {
	oldest := nowMS - r.For.Milliseconds()
	for i := len(outcomes) - 1; i >= 0; i-- {
		if outcomes[i].Command == command && outcomes[i].TimeMS >= oldest {
			return outcomes[i], true
		}
	}
	return Outcome{}, false
}

// Keep returns outcomes with o behind them, without those that are too old or too many. The slice given is not changed.
func (r Remember) Keep(outcomes []Outcome, o Outcome, nowMS int64) []Outcome {
	if r.Outcomes < 1 {
		return nil
	}
	if len(o.Reply) > maxRememberedReply {
		o.Reply = nil
	}
	o.Code, o.Message = cutText(o.Code, maxRememberedText), cutText(o.Message, maxRememberedText)
	oldest := nowMS - r.For.Milliseconds()
	first := max(0, len(outcomes)+1-r.Outcomes)
	for first < len(outcomes) && outcomes[first].TimeMS < oldest {
		first++
	}
	kept := make([]Outcome, 0, len(outcomes)-first+1)
	kept = append(kept, outcomes[first:]...)
	return append(kept, o)
}

// cutText cuts s after at most most bytes, between two characters.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

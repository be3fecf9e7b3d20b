package ledger

import (
	"encoding/json"
	"fmt"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/entities"
)

// A stored is an entity as the changelog or its owner has it, with what it remembers.
type stored struct {
	state
	Remembers map[entities.CommandHash]answer
}

// parseStored reads a record of a changelog.
func parseStored(e *contexts.Entity, value []byte) (stored, error) {
	parsed, err := entities.ParseStored(value)
	if err != nil {
		return stored{}, err
	}
	decoded := e.Behavior.InitialState()
	if parsed.State != nil {
		if decoded, err = e.Behavior.DecodeState(parsed.Fingerprint, parsed.State); err != nil {
			return stored{}, err
		}
	}
	text, err := e.Behavior.StateJSON(decoded)
	if err != nil {
		return stored{}, err
	}
	s := stored{Remembers: make(map[entities.CommandHash]answer, len(parsed.Outcomes))}
	for _, o := range parsed.Outcomes {
		a := answer{Status: entities.Accepted, Code: o.Code, Sequence: o.Sequence, Events: o.Events, Reply: string(o.Reply)}
		if o.Rejected {
			a.Status = entities.Rejected
		}
		s.Remembers[o.Command] = a
	}
	s.state, err = parseState(parsed.Sequence, text)
	return s, err
}

// parseState reads a state as JSON.
func parseState(sequence int64, text []byte) (state, error) {
	var fields struct {
		Value    int64   `json:"value"`
		Elements []int64 `json:"elements"`
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return state{}, fmt.Errorf("state %.100q: %w", text, err)
	}
	return state{Sequence: sequence, Value: fields.Value, Elements: fields.Elements}, nil
}

// checkStored holds the last records of the changelogs against the fold of the events, and what they remember against the answers: an entity
// has fewer commands than it remembers.
func checkStored(c *eventCheck, last map[entityID]stored) []Finding {
	var findings []Finding
	for _, id := range c.entities() {
		want := c.folds[id].state
		if got := last[id]; !got.equal(want) {
			findings = append(findings, finding(StateDiffers, "%s: the changelog has %+v, the events make %+v", id, got.state, want))
		}
	}
	for _, o := range c.book.operations {
		if o.Answer == nil {
			continue
		}
		a, ok := last[o.entity()].Remembers[entities.HashCommand(c.book.source, commandID(o.Number))]
		if !ok {
			findings = append(findings, finding(StateDiffers, "%s: the changelog does not remember the answer: %s", o.entity(), o))
		} else if a != *o.Answer {
			findings = append(findings, finding(StateDiffers, "%s: the changelog remembers %s as the answer: %s", o.entity(), &a, o))
		}
	}
	return findings
}

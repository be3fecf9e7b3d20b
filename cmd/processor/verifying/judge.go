package verifying

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/history"
)

// A judge compares what events lead to with what is stored.
type judge struct {
	entity   string
	shard    int32
	behavior behaviors.Entity
}

// compare tells how an entity differs; nil if it does not. f is nil for an entity without events, value is nil if nothing is stored.
func (j *judge) compare(id string, f *history.Entity, value []byte) *Difference {
	var stored *entities.Stored
	var err error
	if value != nil {
		var s entities.Stored
		if s, err = entities.ParseStored(value); err == nil {
			stored = &s
		}
	}
	if err == nil && sameBytes(f, stored) {
		return nil
	}
	d := Difference{Entity: j.entity, ID: id, Shard: j.shard, Source: Changelog}
	failure, shownErr := j.show(&d, f, stored)
	if err == nil {
		err = shownErr
	}
	switch {
	case failure != "":
		return d.is(Unfoldable, failure)
	case err != nil:
		return d.is(Unreadable, err.Error())
	case stored == nil:
		return d.is(Missing, "")
	case f == nil:
		return d.is(NoEvents, "")
	case f.Sequence != stored.Sequence:
		return d.is(OtherSequence, "")
	case sameJSON(d.Events.State, d.Stored.State):
		return nil
	}
	return d.is(OtherState, "")
}

// sameBytes tells that there is nothing to look at. Without an event an entity is stored if it has only been rejected, or is parked.
func sameBytes(f *history.Entity, s *entities.Stored) bool {
	switch {
	case f == nil && s == nil:
		return true
	case f == nil:
		return s.Sequence == 0 && s.State == nil
	case s == nil || f.Failure != "":
		return false
	}
	return f.Sequence == s.Sequence && f.Fingerprint == s.Fingerprint && bytes.Equal(f.State, s.State)
}

func (d *Difference) is(k Kind, message string) *Difference {
	d.Kind, d.Message = k, message
	return d
}

// show fills in what both sides have. failure is what is wrong with the events, err with what is stored.
func (j *judge) show(d *Difference, f *history.Entity, s *entities.Stored) (failure string, err error) {
	if f != nil {
		d.Events = &View{Sequence: f.Sequence}
		if failure = f.Failure; failure == "" {
			var err error
			if d.Events.State, err = j.shown(&f.Stored); err != nil {
				failure = fmt.Sprintf("event %d: the state after it cannot be shown: %v", f.Sequence, err)
			}
		}
	}
	if s != nil {
		d.Stored = &View{Sequence: s.Sequence}
		d.Stored.State, err = j.shown(s)
	}
	return failure, err
}

// shown is the state as JSON under today's schema.
func (j *judge) shown(s *entities.Stored) (json.RawMessage, error) {
	state := j.behavior.InitialState()
	if len(s.State) > 0 {
		var err error
		if state, err = j.behavior.DecodeState(s.Fingerprint, s.State); err != nil {
			return nil, err
		}
	}
	return j.behavior.StateJSON(state)
}

// sameJSON compares values: maps have no order, numbers are compared as they are written.
func sameJSON(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var values [2]any
	for i, text := range []json.RawMessage{a, b} {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if d.Decode(&values[i]) != nil {
			return false
		}
	}
	return reflect.DeepEqual(values[0], values[1])
}

// remembered is the difference of an entity whose state is right, or that has none.
func (j *judge) remembered(id string, f *history.Entity, value []byte) *Difference {
	d := Difference{Entity: j.entity, ID: id, Shard: j.shard}
	if value == nil {
		return d.is(Missing, "the changelog has answers that are remembered, or how it is parked")
	}
	stored, err := entities.ParseStored(value)
	if err != nil {
		return d.is(Unreadable, err.Error())
	}
	if _, err := j.show(&d, f, &stored); err != nil {
		return d.is(Unreadable, err.Error())
	}
	return d.is(OtherBytes, "the answers that it remembers, or how it is parked, are not those of the changelog")
}

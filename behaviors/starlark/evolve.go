package starlark

import (
	"context"
	"fmt"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// Evolve calls the event's evolve_ function on a copy of the state.
func (e *entity) Evolve(ctx context.Context, state entities.State, event *behaviors.Event) (next entities.State, failure *entities.Failure) {
	defer func() {
		if p := recover(); p != nil {
			next, failure = nil, panicked(e.config.File+": entity "+e.config.Name, p)
		}
	}()
	message := byNameIn(e.config.Events, shortName(event.Type))
	if message == nil {
		return nil, e.unknownEvent(event.Type)
	}
	_, value, failure := decode(ctx, e.config.Codec, message.Name, event.Payload)
	if failure != nil {
		return nil, failure
	}
	fields := recordToStar(value, message.Type)
	fields.Freeze()
	t := e.caller.borrow()
	defer e.caller.giveBack(t)
	changed, failure := e.apply(t, &effect{kind: emitting, event: message, fields: fields}, state.(*Record))
	if failure != nil {
		return nil, failure
	}
	return changed, nil
}

func (e *entity) unknownEvent(name string) *entities.Failure {
	known := make([]string, len(e.config.Events))
	for i, m := range e.config.Events {
		known[i] = m.Name
	}
	return &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("entity %s has no event %s%s: it knows %s; what happened stays: put the event back",
		e.config.Name, quoted(name), didYouMean(name, known), strings.Join(known, ", "))}
}

func (e *entity) EncodeState(state entities.State) (data []byte, fingerprint uint64, err error) {
	value, err := recordToPlain(state.(*Record), e.config.State.Type, nil, 0)
	if err == nil {
		data, fingerprint, err = e.config.Codec.EncodeState(e.config.State, value)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("state of entity %s: %w", e.config.Name, err)
	}
	return data, fingerprint, nil
}

package typed

import (
	"context"
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// Evolve changes the state, in place, by the Apply of the event.
func (b *entityBehavior[S]) Evolve(ctx context.Context, state entities.State, event *behaviors.Event) (next entities.State, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			next, failure = nil, recovered(cause)
		}
	}()
	if none, ok := state.(noState); ok {
		return nil, none.failure
	}
	own, ok := state.(*S)
	if !ok {
		return nil, &entities.Failure{Code: entities.BehaviorError, Message: fmt.Sprintf("a state of entity %s is not a %T", b.name, state)}
	}
	if len(b.history.messages) == 0 {
		return nil, &entities.Failure{Code: entities.UnknownType, Message: fmt.Sprintf("entity %s has no Apply, and %s happened", b.name, event.Type)}
	}
	kind, data, failure := b.history.open(ctx, event.Type, event.Payload)
	if failure != nil {
		return nil, failure
	}
	if err := kind.do(data, kind.message, own); err != nil {
		return nil, asFailure(err)
	}
	return own, nil
}

func (b *entityBehavior[S]) EncodeState(state entities.State) (data []byte, fingerprint uint64, err error) {
	if none, ok := state.(noState); ok {
		return nil, 0, none.failure
	}
	if data, err = b.state.write(nil, state); err != nil {
		return nil, 0, fmt.Errorf("entity %s: the state: %w", b.name, err)
	}
	return data, b.state.Fingerprint, nil
}

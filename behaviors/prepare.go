package behaviors

import (
	"context"
	"errors"
	"time"

	"github.com/partita-io/partita/entities"
)

// Prepare fetches what reading a payload will need, a schema from a registry for instance, so that behaviours never wait. Its error is
// *entities.Failure when the payload is at fault; any other goes away by itself.
type Prepare func(ctx context.Context, payload entities.Payload) error

const (
	preparePauseMin = 50 * time.Millisecond
	preparePauseMax = 5 * time.Second
)

// Await prepares a payload, however long that takes: what is merely away is no fault of the payload, which must not be dead-lettered for it.
// Pauses grow to 5 s. The error is that of the context, which ended first.
func (p Prepare) Await(ctx context.Context, payload entities.Payload) (*entities.Failure, error) {
	if p == nil {
		return nil, nil
	}
	for pause := preparePauseMin; ; pause = min(2*pause, preparePauseMax) {
		err := p(ctx, payload)
		var failure *entities.Failure
		if err == nil || errors.As(err, &failure) {
			return failure, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-time.After(pause):
		}
	}
}

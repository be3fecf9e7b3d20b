package transactions

import (
	"context"
	"time"
)

const (
	// takeoverTimeout is the transaction timeout of an id that is taken only to end what is open under it.
	takeoverTimeout = 10 * time.Second
	takeoverPoll    = 5 * time.Millisecond
)

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

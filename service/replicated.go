package service

import (
	"context"
	"log/slog"
)

// follow keeps the replicated values up to date until it is stopped. It returns when all is known that was there: who decides sooner would decide
// on less than had been seen before.
func (s *service) follow(ctx context.Context) (stop func(), err error) {
	values := s.Context.Replicated
	if values == nil {
		return func() {}, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- values.Follow(ctx, s.Client, s.Context.Topics.Replicated().Name, s.unfollowed) }()
	select {
	case <-values.Level():
		return func() {
			cancel()
			if err := <-ended; err != nil {
				s.unfollowed(err)
			}
		}, nil
	case err := <-ended:
		cancel()
		return func() {}, err
	}
}

func (s *service) unfollowed(err error) {
	s.Logger.Warn("replicated data", slog.String("error", err.Error()))
}

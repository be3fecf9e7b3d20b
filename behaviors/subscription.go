package behaviors

import (
	"context"

	"github.com/partita-io/partita/entities"
)

// Subscription is the behaviour of one subscription. Its methods are called from several goroutines at once.
type Subscription interface {
	// Wants tells whether the subscription has a function for messages of this type.
	Wants(messageType string) bool

	// Handle says what is to be sent for a message.
	Handle(ctx context.Context, message *Event) (entities.Messages, *entities.Failure)
}

package typed

import (
	"context"
	"errors"
	"fmt"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// A subscriptionBehavior runs a Subscription for the context it is bound to.
type subscriptionBehavior struct {
	name   string
	inbox  inbox[handle]
	outbox *outbox
	sights sights
}

var _ behaviors.Subscription = (*subscriptionBehavior)(nil)

func (b *subscriptionBehavior) Wants(messageType string) bool {
	_, ok := b.inbox.byName[messageType]
	return ok
}

func (b *subscriptionBehavior) Handle(ctx context.Context, message *behaviors.Event) (out entities.Messages, failure *entities.Failure) {
	defer func() {
		if cause := recover(); cause != nil {
			out, failure = entities.Messages{}, recovered(cause)
		}
	}()
	kind, data, failure := b.inbox.open(ctx, message.Type, message.Payload)
	if failure != nil {
		return out, failure
	}
	effects, err := kind.do(data, kind.message, MessageContext{
		Key: message.EntityID, NowMS: message.NowMS, ID: message.CausationID, Headers: message.Headers, looks: b.sights.looking(),
	})
	if err == nil {
		if err = effects.checkSentOnly(); err != nil {
			err = fmt.Errorf("subscription %s: hearing %s %w", b.name, kind.Name, err)
		}
	}
	if err == nil {
		out, err = b.outbox.write(effects.sent)
	}
	if err != nil {
		return entities.Messages{}, asFailure(err)
	}
	return out, nil
}

// checkSentOnly refuses what a subscription cannot do.
func (e *Effects) checkSentOnly() error {
	if e.first != nil || e.replies > 0 || e.rejection != nil || e.deletes || len(e.changes) > 0 {
		return errors.New("returned more than Send and Publish: a subscription emits, replies, rejects and changes nothing")
	}
	return nil
}

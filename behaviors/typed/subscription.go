package typed

import (
	"time"

	"github.com/partita-io/partita/entities"
)

// MessageContext is what a function may know of a message beside its fields.
type MessageContext struct {
	// Key is ce_subject, or else the record's key.
	Key string
	// NowMS is the message's time in ms since 1970.
	NowMS int64
	// ID is "source/id" as the sender gave it, else the record's place.
	ID string
	// Headers are good until the function returns.
	Headers []entities.Header

	looks *looks
}

func (c MessageContext) look() *looks { return c.looks }

// Now is NowMS as a time.
func (c MessageContext) Now() time.Time { return time.UnixMilli(c.NowMS).UTC() }

// Header is the value of the last header of this name; nil if there is none.
func (c MessageContext) Header(key string) []byte { return lastHeader(c.Headers, key) }

// A Start is where a subscription begins that has no position yet. The zero value is the first message that there is.
type Start struct {
	// Latest begins with what comes from now on.
	Latest bool
	// At begins with the first message of this time or later; zero for none.
	At time.Time
}

// A Subscription turns the messages of a topic, of another context or of nobody's, into commands and publications, each message once.
type Subscription struct {
	name    string
	topic   Topic
	start   Start
	handles []handling
	sends   []declared
}

type handling struct {
	record
	handle handle
}

// A handle reads a message and tells what is to be sent for it.
type handle func(data []byte, m *message, ctx MessageContext) (Effects, error)

// A SubscriptionPart is something that a subscription does: OnMessage.
type SubscriptionPart func(*Subscription)

// NewSubscription declares a subscription. Its name, lower-case letters, digits and hyphens, stands beside its position: under another one it begins
// anew. Of the context's own topics, those of publications and of an entity's events can be subscribed to.
func NewSubscription(name string, topic Topic, parts ...SubscriptionPart) *Subscription {
	s := &Subscription{name: name, topic: topic}
	for _, part := range parts {
		part(s)
	}
	return s
}

// Start says where the subscription begins as long as it has no position, which by default is the first message that there is.
func (s *Subscription) Start(at Start) *Subscription {
	s.start = at
	return s
}

// SendsTo declares commands that the subscription sends to an entity of another context ("billing.invoice"), which makes their schemas known. Of one of
// this context, whose commands are known, it has [Bind] check that it takes them.
func (s *Subscription) SendsTo(entity string, commands ...MessageType) *Subscription {
	s.sends = append(s.sends, declare(entity, commands)...)
	return s
}

// OnMessage says what comes of messages of type M: Send and Publish, joined by And, or nothing. Messages without such a function are passed over. It is
// called again, with the same arguments, when a transaction did not come through, so it does nothing but return effects.
func OnMessage[M any](function func(message M, ctx MessageContext) Effects) SubscriptionPart {
	return func(s *Subscription) {
		s.handles = append(s.handles, handling{
			record: recordOf[M](),
			handle: func(data []byte, m *message, ctx MessageContext) (Effects, error) {
				var received M
				if err := m.read(data, &received); err != nil {
					return Effects{}, err
				}
				return function(received, ctx), nil
			},
		})
	}
}

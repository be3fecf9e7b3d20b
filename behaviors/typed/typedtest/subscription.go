package typedtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// A SubscriptionTest is one subscription under test.
type SubscriptionTest struct {
	t     testing.TB
	bound typed.BoundSubscription
	codec *messages
	// sent and failure are what came of the last message.
	sent    entities.Messages
	failure *entities.Failure
}

// Subscription begins a test of a subscription. The others are the parts of its context that it sends to: entities and publications.
func Subscription(tb testing.TB, subscription *typed.Subscription, others ...typed.Part) *SubscriptionTest {
	tb.Helper()
	m, err := typed.Bind(tb.Context(), typed.Config{}, append([]typed.Part{subscription}, others...)...)
	require.NoError(tb, err)
	return &SubscriptionTest{t: tb, bound: m.Subscriptions[0], codec: newMessages(tb, m)}
}

// When lets a message come, with its key. One that the subscription has no function for is passed over.
func (s *SubscriptionTest) When(key string, message any) *SubscriptionTest {
	s.t.Helper()
	name, payload := s.codec.encode(message)
	s.sent, s.failure = entities.Messages{}, nil
	if s.bound.Behavior.Wants(name) {
		s.sent, s.failure = s.bound.Behavior.Handle(s.t.Context(), &behaviors.Event{EntityID: key, Type: name, Payload: payload, CausationID: "test"})
	}
	return s
}

// ThenSends requires that exactly this is sent for the last message, none if none is named: typed.Send and typed.Publish, each kind in its order.
func (s *SubscriptionTest) ThenSends(effects ...typed.Effects) *SubscriptionTest {
	s.t.Helper()
	if s.failure != nil {
		require.Fail(s.t, "the message failed", s.failure.Message)
	}
	want, err := s.bound.Sends(together(effects))
	require.NoError(s.t, err)
	require.Equal(s.t, s.codec.showSent(want), s.codec.showSent(s.sent), "what is sent")
	return s
}

// ThenFailed requires that the last message failed with a message that has this text in it.
func (s *SubscriptionTest) ThenFailed(text string) *SubscriptionTest {
	s.t.Helper()
	require.NotNil(s.t, s.failure, "it did not fail")
	require.Contains(s.t, s.failure.Message, text)
	return s
}

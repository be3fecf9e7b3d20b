package typedtest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/behaviors/typed"
	"github.com/partita-io/partita/entities"
)

// A StreamTest is a stream under test.
type StreamTest struct {
	t        testing.TB
	behavior behaviors.Stream
	codec    *messages
	written  []behaviors.Message
	failure  *entities.Failure
	sequence int64
}

// Stream begins a test of a stream. The sources are the entities that it follows.
func Stream(tb testing.TB, stream *typed.Stream, sources ...typed.Part) *StreamTest {
	tb.Helper()
	m, err := typed.Bind(tb.Context(), typed.Config{}, append(sources[:len(sources):len(sources)], stream)...)
	require.NoError(tb, err)
	return &StreamTest{t: tb, behavior: m.Streams[0].Behavior, codec: newMessages(tb, m)}
}

// When lets events happen to an entity. Those that the stream does not care for are passed over.
func (s *StreamTest) When(entityID string, events ...any) *StreamTest {
	s.t.Helper()
	s.written, s.failure = nil, nil
	for _, event := range events {
		s.sequence++
		name, payload := s.codec.encode(event)
		if !s.behavior.Wants(name) || s.failure != nil {
			continue
		}
		written, failure := s.behavior.Write(s.t.Context(), &behaviors.Event{EntityID: entityID, Sequence: s.sequence, Type: name, Payload: payload})
		s.written, s.failure = append(s.written, written...), failure
	}
	return s
}

// Then requires that the events lead to exactly these messages, as typed.Write makes them.
func (s *StreamTest) Then(want ...typed.Written) *StreamTest {
	s.t.Helper()
	if s.failure != nil {
		require.Fail(s.t, "the event failed", s.failure.Message)
	}
	wanted := make([]behaviors.Message, len(want))
	for i, m := range want {
		wanted[i].Key = m.Key
		wanted[i].Type, wanted[i].Payload = s.codec.encode(m.Value)
	}
	require.Equal(s.t, s.show(wanted), s.show(s.written), "the messages")
	return s
}

// ThenFailed requires that an event failed, as with a panic.
func (s *StreamTest) ThenFailed() *StreamTest {
	s.t.Helper()
	require.NotNil(s.t, s.failure, "no event failed")
	return s
}

func (s *StreamTest) show(all []behaviors.Message) string {
	s.t.Helper()
	var shown strings.Builder
	for _, m := range all {
		shown.WriteString(m.Key + " " + s.codec.showEvents([]entities.Event{{Type: m.Type, Payload: m.Payload}}))
	}
	return shown.String()
}

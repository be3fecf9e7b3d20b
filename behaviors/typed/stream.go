package typed

import (
	"reflect"

	"github.com/partita-io/partita/entities"
)

// Written is what a stream writes for an event: [Write] makes one.
type Written struct {
	// Key decides the partition: messages of one key keep their order.
	Key string
	// Value points to the struct.
	Value any
}

// Write is a message of a stream.
func Write[M any](key string, value M) Written { return Written{Key: key, Value: &value} }

// A Stream is a projection that keeps nothing: each event leads to no message, to one, or to several, in a topic.
type Stream struct {
	name      string
	to        string
	sources   Sources
	messages  []record
	eaches    []writing
	onFailure entities.OnFailure
}

type writing struct {
	record
	write writer
}

// A writer reads an event and tells what it leads to.
type writer func(data []byte, m *message, ctx *EventContext) ([]Written, error)

// A StreamPart is something that a stream does: Each, or Writes.
type StreamPart func(*Stream)

// NewStream declares a stream. Its name is that of its topic: lower-case letters, digits and hyphens.
func NewStream(name string, from Sources, parts ...StreamPart) *Stream {
	s := &Stream{name: name, sources: from, onFailure: entities.DeadLetter}
	for _, part := range parts {
		part(s)
	}
	return s
}

// To has the stream write to a topic of others, which must exist, with as many partitions as it has.
func (s *Stream) To(topic string) *Stream {
	s.to = topic
	return s
}

// OnFailure says what becomes of events that fail: they are dead-lettered, and the next one goes on, which is the default; or, with entities.Stop, the
// shard's task stops before the event until it starts with a function that can do it.
func (s *Stream) OnFailure(policy entities.OnFailure) *Stream {
	s.onFailure = policy
	return s
}

// Writes says that the stream writes messages of type M.
func Writes[M any]() StreamPart {
	return func(s *Stream) { s.messages = append(s.messages, recordOf[M]()) }
}

// Each tells which messages events of type E lead to; nil for none. Events without an Each are passed over.
func Each[E any](function func(event E, ctx *EventContext) []Written) StreamPart {
	return func(s *Stream) {
		s.eaches = append(s.eaches, writing{
			record: recordOf[E](),
			write: func(data []byte, m *message, ctx *EventContext) ([]Written, error) {
				var e E
				if err := m.read(data, &e); err != nil {
					return nil, err
				}
				return function(e, ctx), nil
			},
		})
	}
}

// pointee is the type of the struct that a message holds; nil if it was not made by Write.
func (m Written) pointee() reflect.Type {
	if t := reflect.TypeOf(m.Value); t != nil && t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return nil
}

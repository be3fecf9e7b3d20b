package typed

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/partita-io/partita/entities"
)

// Context is what a function may know beside the state and the command. There is no clock: Now is the command's time, and may go back from one
// command to the next.
type Context struct {
	EntityID string
	// Sequence is that of the entity's last event before this command.
	Sequence int64
	// NowMS is the command's time in ms since 1970.
	NowMS int64
	// CommandID is "source/id" as the sender gave it, else the record's place.
	CommandID string
	Headers   []entities.Header

	looks *looks
}

func (c Context) look() *looks { return c.looks }

// Now is NowMS as a time.
func (c Context) Now() time.Time { return time.UnixMilli(c.NowMS).UTC() }

// Header is the value of the last header of this name; nil if there is none.
func (c Context) Header(key string) []byte { return lastHeader(c.Headers, key) }

func lastHeader(headers []entities.Header, key string) []byte {
	for i := len(headers) - 1; i >= 0; i-- {
		if headers[i].Key == key {
			return headers[i].Value
		}
	}
	return nil
}

// An Entity is an entity type whose state is the struct S.
type Entity[S any] struct {
	name  string
	state record
	// initial is nil for the defaults.
	initial  func() S
	remember entities.Remember
	version  int64
	// onFailure is checked by Bind.
	onFailure entities.OnFailure
	commands  []command[S]
	events    []event[S]
	sends     []declared
}

type command[S any] struct {
	record
	decide decide[S]
}

// A decide reads a command and decides it.
type decide[S any] func(data []byte, m *message, state *S, ctx Context) (Effects, error)

type event[S any] struct {
	record
	apply  apply[S]
	evolve evolve[S]
}

// An apply changes the state by an event that is given as a pointer.
type apply[S any] func(state *S, event any)

// An evolve reads an event and changes the state by it.
type evolve[S any] func(data []byte, m *message, state *S) error

// An EntityPart is something that an entity can do: On, Apply or Initial.
type EntityPart[S any] func(*Entity[S])

// NewEntity declares an entity type. Its name is part of topics: lower-case letters, digits and hyphens.
func NewEntity[S any](name string, parts ...EntityPart[S]) *Entity[S] {
	e := &Entity[S]{name: name, state: recordOf[S](), remember: entities.DefaultRemember, version: 1, onFailure: entities.DeadLetter}
	for _, part := range parts {
		part(e)
	}
	return e
}

// Remember bounds how many answers each entity keeps, so that a command that is sent again gets its first answer again.
func (e *Entity[S]) Remember(r entities.Remember) *Entity[S] {
	e.remember = r
	return e
}

// StateVersion counts the meanings that the state has had, from 1, the default. Raise it when Apply functions come to other states than before, or when
// S has another meaning: the states of all entities are then computed anew from their events, before commands are decided on them.
func (e *Entity[S]) StateVersion(n int64) *Entity[S] {
	e.version = n
	return e
}

// OnFailure says what becomes of commands that fail: they are dead-lettered, and the entity goes on, which is the default; or they are parked: the
// command and every later one of the entity wait, in order, until somebody releases or skips it.
func (e *Entity[S]) OnFailure(policy entities.OnFailure) *Entity[S] {
	e.onFailure = policy
	return e
}

// SendsTo declares commands that the entity sends to an entity of another context ("billing.invoice"), which makes their schemas known. Of one of this
// context, whose commands are known, it has [Bind] check that it takes them.
func (e *Entity[S]) SendsTo(entity string, commands ...MessageType) *Entity[S] {
	e.sends = append(e.sends, declare(entity, commands)...)
	return e
}

// On decides commands of type C. The function gets a copy of the state and must not change what that refers to, its maps and slices: what it
// changes there is dropped with a command that is rejected, fails or has no effect, and stored beside the changes of the events otherwise. It is
// called again, with the same arguments, when a transaction did not come through, so it does nothing but return effects.
func On[S, C any](function func(state S, command C, ctx Context) Effects) EntityPart[S] {
	return func(e *Entity[S]) {
		e.commands = append(e.commands, command[S]{
			record: recordOf[C](),
			decide: func(data []byte, m *message, state *S, ctx Context) (Effects, error) {
				var c C
				if err := m.read(data, &c); err != nil {
					return Effects{}, err
				}
				return function(*state, c, ctx), nil
			},
		})
	}
}

// Apply changes the state by events of type E, which happened: there is no saying no. What is left in the state must be what its Avro schema can
// hold: a time finer than its unit would be coarser once it is read again.
func Apply[S, E any](function func(state *S, event E)) EntityPart[S] {
	return func(e *Entity[S]) {
		e.events = append(e.events, event[S]{
			record: recordOf[E](),
			apply: func(state *S, pointer any) {
				switch event := pointer.(type) {
				case *E:
					function(state, *event)
				case **E:
					function(state, **event)
				}
			},
			evolve: func(data []byte, m *message, state *S) error {
				var event E
				if err := m.read(data, &event); err != nil {
					return err
				}
				function(state, event)
				return nil
			},
		})
	}
}

// Initial is the state of an entity without events. By default it is what the avro tags of S name as defaults, and zero values elsewhere; Initial
// is asked instead of these, and again for each entity, so that none shares a map or a slice with another.
func Initial[S any](state func() S) EntityPart[S] {
	return func(e *Entity[S]) { e.initial = state }
}

// Evolve changes the state by events, in their order: what tests and tools need to begin where some things have happened.
func (e *Entity[S]) Evolve(state *S, events ...any) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = recovered(cause)
		}
	}()
	for _, happened := range events {
		i := slices.IndexFunc(e.events, func(ev event[S]) bool { return ev.goType == reflect.TypeOf(happened) })
		if i < 0 {
			return fmt.Errorf("entity %s has no Apply for %T", e.name, happened)
		}
		pointer := reflect.New(e.events[i].goType)
		pointer.Elem().Set(reflect.ValueOf(happened))
		e.events[i].apply(state, pointer.Interface())
	}
	return nil
}

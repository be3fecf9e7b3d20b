package typed

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/crdt"
	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/schemas"
)

// Config says how the parts of a context are bound.
type Config struct {
	// Options say how payloads are written and which older schemas are known.
	schemas.Options
	// Namespace goes before the names of records; it may be empty.
	Namespace string
}

// A Part is an [Entity], a [Projection], a [Stream], a [Publication], a [Subscription], a [Table], or a replicated value: a [Counter], [GrowCounter],
// [Flag], [Register], [MultiRegister], [Set], [GrowSet], [Vote] or [Map], or an [Upcaster].
type Part interface {
	// records are the structs that the part reads and writes.
	records() []record
	// check tells what is wrong with the part by itself.
	check() []error
	// outline is what other parts are checked against.
	outline() outline
	bind(ctx context.Context, b *binder, m *Model) error
}

// A Model is the parts of a context with their behaviours: what it takes to run them.
type Model struct {
	Schemas       *schemas.Set
	Codec         *schemas.Codec
	Entities      []BoundEntity
	Projections   []BoundProjection
	Streams       []BoundStream
	Publications  []BoundPublication
	Subscriptions []BoundSubscription
	Tables        []BoundTable
	Replicated    BoundReplicated
	// Older are records as they were, of which upcasts know how to read them.
	Older []*schemas.Message
}

// A BoundEntity is an entity type with its behaviour.
type BoundEntity struct {
	Name             string
	State            *schemas.Message
	Commands, Events []*schemas.Message
	Remember         entities.Remember
	StateVersion     int64
	OnFailure        entities.OnFailure
	Behavior         behaviors.Entity

	outbox *outbox
}

// Sends is what effects of the entity send, written down: what tests compare with.
func (e BoundEntity) Sends(effects Effects) (entities.Messages, error) {
	return e.outbox.write(effects.sent)
}

// A BoundProjection is a projection with its behaviour.
type BoundProjection struct {
	Name string
	Row  *schemas.Message
	// Entities and Topics are what it follows: entity types of this context, and topics of others.
	Entities, Topics []string
	// Keyed tells that rows have keys of their own, so that events go through a repartition topic.
	Keyed     bool
	OnFailure entities.OnFailure
	Behavior  behaviors.Projection
}

// A BoundPublication is a publication.
type BoundPublication struct {
	Name     string
	Messages []*schemas.Message
}

// A BoundSubscription is a subscription with its behaviour.
type BoundSubscription struct {
	Name, Topic string
	Start       Start
	Messages    []*schemas.Message
	Behavior    behaviors.Subscription

	outbox *outbox
}

// Sends is what effects of the subscription send, written down: what tests compare with.
func (s BoundSubscription) Sends(effects Effects) (entities.Messages, error) {
	return s.outbox.write(effects.sent)
}

type binder struct {
	definitions *definitions
	set         *schemas.Set
	codec       *schemas.Codec
	maxBytes    int
	hasRegistry bool
	outlets     outlets
	sights      sights
	upcasts     upcasts
	// states are the structs that are states.
	states map[reflect.Type]bool
}

// giveRegistry is the mend where a registry is missing.
const giveRegistry = "give partita.Options its Registry (with typed.Bind: Config.Registry)"

// Bind checks the parts of a context together and makes behaviours of them. The error holds everything that is wrong. What is asked of a registry
// while rows are shown ends with ctx.
func Bind(ctx context.Context, config Config, parts ...Part) (*Model, error) {
	b := &binder{
		definitions: newDefinitions(config.Namespace), maxBytes: config.MaxBytes, hasRegistry: config.Registry != nil,
		sights: sights{boundTables{}, &boundValues{types: map[string]crdt.Type{}}}, upcasts: upcasts{}, states: map[reflect.Type]bool{},
	}
	if b.maxBytes == 0 {
		b.maxBytes = schemas.DefaultMaxBytes
	}
	var problems []error
	for _, part := range parts {
		problems = append(problems, part.check()...)
		for _, r := range part.records() {
			problems = append(problems, b.definitions.add(r))
		}
	}
	outlines := outlinesOf(parts)
	for _, o := range outlines {
		if o.state.goType != nil {
			b.states[o.state.goType] = true
		}
	}
	problems = append(problems, checkTogether(outlines)...)
	problems = append(problems, b.compile(config.Options))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if err := b.makeOutlets(outlines); err != nil {
		return nil, err
	}
	m := &Model{Schemas: b.set, Codec: b.codec, Replicated: BoundReplicated{Types: b.sights.values.types, bound: b.sights.values}}
	for _, part := range parts {
		if err := part.bind(ctx, b, m); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// compile makes the schemas of the structs, and what reads and writes them.
func (b *binder) compile(options schemas.Options) error {
	if options.Encoding == schemas.ConfluentEncoding && options.Registry == nil {
		return errors.New("encoding confluent needs a registry: " + giveRegistry)
	}
	set, err := b.definitions.set()
	if err != nil {
		return err
	}
	b.set = set
	b.codec, err = schemas.NewCodec(set, options)
	return err
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)

// reservedNames are the parts of a context's own topics.
var reservedNames = []string{"control", "dead-letters", "operations", "parked", "progress", "replicated", "replies", "schemas"}

func checkName(kind, name string) error {
	switch {
	case !namePattern.MatchString(name):
		return fmt.Errorf("%s %q: a name is at most 100 lower-case letters, digits and hyphens and begins with a letter", kind, name)
	case slices.Contains(reservedNames, name):
		return fmt.Errorf("%s %s: the name is reserved (reserved are %s)", kind, name, strings.Join(reservedNames, ", "))
	}
	return nil
}

// checkTwice tells which structs are given twice for the same thing.
func checkTwice[T any](what string, list []T, typeOf func(T) reflect.Type) []error {
	var problems []error
	seen := map[reflect.Type]bool{}
	for _, item := range list {
		t := typeOf(item)
		if seen[t] {
			problems = append(problems, fmt.Errorf("%s is given twice for %s: keep one", what, t))
		}
		seen[t] = true
	}
	return problems
}

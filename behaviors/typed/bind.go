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

// A Part is an [Entity] or a [Projection].
type Part interface {
	// records are the structs that the part reads and writes.
	records() []record
	// check tells what is wrong with the part by itself.
	check() []error
	bind(ctx context.Context, b *binder, m *Model) error
}

// A Model is the parts of a context with their behaviours: what it takes to run them.
type Model struct {
	Schemas     *schemas.Set
	Codec       *schemas.Codec
	Entities    []BoundEntity
	Projections []BoundProjection
}

// A BoundEntity is an entity type with its behaviour.
type BoundEntity struct {
	Name             string
	State            *schemas.Message
	Commands, Events []*schemas.Message
	Remember         entities.Remember
	Behavior         behaviors.Entity
}

// A BoundProjection is a projection with its behaviour.
type BoundProjection struct {
	Name string
	Row  *schemas.Message
	// Entities and Topics are what it follows: entity types of this context, and topics of others.
	Entities, Topics []string
	// Keyed tells that rows have keys of their own, so that events go through a repartition topic.
	Keyed    bool
	Behavior behaviors.Projection
}

type binder struct {
	definitions *definitions
	set         *schemas.Set
	codec       *schemas.Codec
	maxBytes    int
}

// Bind checks the parts of a context together and makes behaviours of them. The error holds everything that is wrong. What is asked of a registry
// while rows are shown ends with ctx.
func Bind(ctx context.Context, config Config, parts ...Part) (*Model, error) {
	b := &binder{definitions: newDefinitions(config.Namespace), maxBytes: config.MaxBytes}
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
	err := errors.Join(problems...)
	if err == nil {
		b.set, err = b.definitions.set()
	}
	if err == nil {
		b.codec, err = schemas.NewCodec(b.set, config.Options)
	}
	if err != nil {
		return nil, err
	}
	m := &Model{Schemas: b.set, Codec: b.codec}
	for _, part := range parts {
		problems = append(problems, part.bind(ctx, b, m))
	}
	problems = append(problems, m.check()...)
	return m, errors.Join(problems...)
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)

// reservedNames are the parts of a context's own topics.
var reservedNames = []string{"control", "dead-letters", "progress", "replies", "schemas"}

func checkName(kind, name string) error {
	switch {
	case !namePattern.MatchString(name):
		return fmt.Errorf("%s %q: a name is at most 100 lower-case letters, digits and hyphens and begins with a letter", kind, name)
	case slices.Contains(reservedNames, name):
		return fmt.Errorf("%s %s: the name is reserved (reserved are %s)", kind, name, strings.Join(reservedNames, ", "))
	}
	return nil
}

// check tells what is wrong between the parts.
func (m *Model) check() []error {
	var problems []error
	taken := map[string]bool{}
	take := func(kind, name string) {
		if taken[name] {
			problems = append(problems, fmt.Errorf("%s %s: another part has this name", kind, name))
		}
		taken[name] = true
	}
	for _, e := range m.Entities {
		take("entity", e.Name)
	}
	for _, p := range m.Projections {
		for _, name := range p.Entities {
			if !slices.ContainsFunc(m.Entities, func(e BoundEntity) bool { return e.Name == name }) {
				problems = append(problems, fmt.Errorf("projection %s follows the entity %s: give Bind that entity too, or follow its Topic", p.Name, name))
			}
		}
		take("projection", p.Name)
	}
	return problems
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

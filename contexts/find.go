package contexts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
	"github.com/partita-io/partita/schemas"
)

// A Topic is what a name on the command line means: a topic of the context, and what its records are.
type Topic struct {
	// Component is the entity or projection.
	Component string
	// Name is the topic's.
	Name string
	// Rows says that the records are rows of a table, keyed by row key; else they are events, keyed by entity id, or messages of a stream.
	Rows bool
}

// Find tells which topic a name means: an entity's events, a projection's rows or messages, a publication's messages.
func (c *Context) Find(name string) (Topic, error) {
	t := c.TopicContext()
	if c.Entity(name) != nil {
		return Topic{Component: name, Name: t.Events(name).Name}, nil
	}
	if p := c.Projection(name); p != nil && p.Stream != nil {
		return Topic{Component: name, Name: p.Stream.To}, nil
	} else if p != nil {
		return Topic{Component: name, Name: t.Rows(name).Name, Rows: true}, nil
	}
	if c.Publication(name) != nil {
		return Topic{Component: name, Name: t.Publication(name).Name}, nil
	}
	return Topic{}, unknown("entity, projection or publication", name, slices.Concat(c.entityNames(), c.projectionNames(), c.publicationNames()))
}

// FindEntity is the entity type of this name; the error names the nearest.
func (c *Context) FindEntity(name string) (*Entity, error) {
	if e := c.Entity(name); e != nil {
		return e, nil
	}
	return nil, unknown("entity", name, c.entityNames())
}

// FindProjection is the projection of this name; the error names the nearest.
func (c *Context) FindProjection(name string) (*Projection, error) {
	if p := c.Projection(name); p != nil {
		return p, nil
	}
	return nil, unknown("projection", name, c.projectionNames())
}

// FindCommand is the command of this name; the error names the nearest.
func (e *Entity) FindCommand(name string) (*schemas.Message, error) {
	if m := e.Command(name); m != nil {
		return m, nil
	}
	return nil, unknown("command of "+e.Name, name, shortNames(e.Commands))
}

func unknown(kind, name string, known []string) error {
	return fmt.Errorf("there is no %s named %s%s", kind, name, meantOrThere(name, known))
}

// meantOrThere is the known name that was meant, or else all there are.
func meantOrThere(wrong string, known []string) string {
	mend := spelling.DidYouMean(wrong, known)
	if mend == "" && len(known) > 0 {
		mend = fmt.Sprintf(" (there are %s)", strings.Join(known, ", "))
	}
	return mend
}

package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// A scope is ctx: what a function may know beside its message.
type scope struct {
	names []string
	// values are nil for ctx.headers: few functions look at them, and to make a dict of them takes as long as a short function.
	values  []star.Value
	headers []entities.Header
}

func (s *scope) String() string        { return "ctx" }
func (s *scope) Type() string          { return "ctx" }
func (s *scope) Freeze()               {}
func (s *scope) Truth() star.Bool      { return true }
func (s *scope) Hash() (uint32, error) { return 0, errors.New("unhashable: ctx") }

// AttrNames are the names in ctx.
func (s *scope) AttrNames() []string { return s.names }

// Attr is the named value.
func (s *scope) Attr(name string) (star.Value, error) {
	if i := slices.Index(s.names, name); i >= 0 {
		if s.values[i] == nil {
			s.values[i] = headersToStar(s.headers)
		}
		return s.values[i], nil
	}
	return nil, star.NoSuchAttrError(fmt.Sprintf("ctx has no field %s: it has %s", clipped(name, maxShownBytes), strings.Join(s.names, ", ")))
}

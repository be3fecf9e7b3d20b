package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	star "go.starlark.net/starlark"
)

// A scope is ctx: what a function may know beside its message.
type scope struct {
	names  []string
	values []star.Value
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
		return s.values[i], nil
	}
	return nil, star.NoSuchAttrError(fmt.Sprintf("ctx has no field %s: it has %s", clipped(name, maxShownBytes), strings.Join(s.names, ", ")))
}

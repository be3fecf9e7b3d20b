package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/entities"
)

// A scope is ctx: what a function may know beside its message. What it does not look at is not made: most functions look at little of it.
type scope struct {
	names []string
	// made are the values that were looked at, in the order of names; nil before the first.
	made []star.Value

	about      subject
	headers    []entities.Header
	tables     []Table
	replicated Replicated
	thread     *thread
}

// A subject is what a ctx is about: a command, an event, a message.
type subject interface {
	// field is one of the names that only this kind of ctx has.
	field(name string) star.Value
}

// scopeNames are the names in a kind of ctx: its own, and those that every ctx has.
func scopeNames(own ...string) []string { return append(own, "headers", "tables", "replicated") }

// context makes a ctx. It has replicated only where the context declares any.
func (t *thread) context(names []string, about subject, headers []entities.Header, tables []Table, r Replicated) *scope {
	if len(r.Types) == 0 {
		names = names[:len(names)-1]
	}
	return &scope{names: names, about: about, headers: headers, tables: tables, replicated: r, thread: t}
}

func (s *scope) String() string        { return "ctx" }
func (s *scope) Type() string          { return "ctx" }
func (s *scope) Freeze()               {}
func (s *scope) Truth() star.Bool      { return true }
func (s *scope) Hash() (uint32, error) { return 0, errors.New("unhashable: ctx") }

// AttrNames are the names in ctx, in a list of the caller's own: dir() sorts it.
func (s *scope) AttrNames() []string { return slices.Clone(s.names) }

// Attr is the named value.
func (s *scope) Attr(name string) (star.Value, error) {
	i := slices.Index(s.names, name)
	if i < 0 {
		return nil, star.NoSuchAttrError(fmt.Sprintf("ctx has no field %s: it has %s", clipped(name, maxShownBytes), strings.Join(s.names, ", ")))
	}
	if s.made == nil {
		s.made = make([]star.Value, len(s.names))
	}
	if s.made[i] == nil {
		s.made[i] = s.value(name)
	}
	return s.made[i], nil
}

func (s *scope) value(name string) star.Value {
	switch name {
	case "headers":
		return headersToStar(s.headers)
	case "tables":
		return &tables{all: s.tables, budget: &s.thread.budget}
	case "replicated":
		return &replicatedValues{Replicated: s.replicated, budget: &s.thread.budget}
	}
	return s.about.field(name)
}

func headersToStar(headers []entities.Header) *star.Dict {
	d := star.NewDict(len(headers))
	for _, h := range headers {
		var v star.Value = star.Bytes(h.Value)
		if utf8.Valid(h.Value) {
			v = star.String(h.Value)
		}
		_ = d.SetKey(star.String(h.Key), v) // a new dict takes any string
	}
	d.Freeze()
	return d
}

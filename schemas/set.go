package schemas

import (
	"fmt"
	"slices"
	"strings"

	"github.com/partita-io/partita/internal/spelling"
)

// A Set is the record types of a context. It does not change and is safe for concurrent use.
type Set struct {
	messages      []*Message
	byFullName    map[string]*Message
	byName        map[string][]*Message
	byFingerprint map[uint64]*Message
}

func newSet(messages []*Message) *Set {
	s := &Set{messages: messages, byFullName: map[string]*Message{}, byName: map[string][]*Message{}, byFingerprint: map[uint64]*Message{}}
	slices.SortFunc(s.messages, func(a, b *Message) int { return strings.Compare(a.FullName, b.FullName) })
	for _, m := range s.messages {
		s.byFullName[m.FullName] = m
		s.byName[m.Name] = append(s.byName[m.Name], m)
		s.byFingerprint[m.Fingerprint] = m
	}
	return s
}

// Messages are all records of the set, in the order of their full names.
func (s *Set) Messages() []*Message { return slices.Clone(s.messages) }

// Lookup finds a record by its full name or, if that is unambiguous, by the last part of it.
func (s *Set) Lookup(name string) (*Message, error) {
	if m := s.byFullName[name]; m != nil {
		return m, nil
	}
	switch found := s.byName[name]; len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no Avro record of this name under schemas/%s", spelling.DidYouMean(name, s.names()))
	default:
		full := make([]string, len(found))
		for i, m := range found {
			full[i] = m.FullName
		}
		return nil, fmt.Errorf("several Avro records have this name: write %s", strings.Join(full, " or "))
	}
}

func (s *Set) names() []string {
	names := make([]string, 0, 2*len(s.messages))
	for _, m := range s.messages {
		names = append(names, m.Name)
		if m.Name != m.FullName {
			names = append(names, m.FullName)
		}
	}
	return names
}

package typed

import "github.com/partita-io/partita/crdt"

// A Set is replicated elements: who adds one wins over who removes it without having seen that.
type Set[E Plain] struct{ value }

// NewSet declares a set.
func NewSet[E Plain](name string) Set[E] { return Set[E]{declareValue[Set[E]](name)} }

// Add adds an element.
func (s Set[E]) Add(element E) Effects { return changeElement(s.value, crdt.Add, element) }

// Remove takes an element out, as far as it has been seen added.
func (s Set[E]) Remove(element E) Effects { return changeElement(s.value, crdt.Remove, element) }

// Clear takes all that has been seen out.
func (s Set[E]) Clear() Effects { return s.changeAtOnce(crdt.Clear()) }

// Has tells whether the element is there, as far as is known.
func (s Set[E]) Has(ctx Looker, element E) bool { return has(s.view(ctx), element) }

// Values are the elements, as far as is known, in the order of their JSON text.
func (s Set[E]) Values(ctx Looker) []E { return goValues[E](s.name, s.view(ctx)) }

// A GrowSet is replicated elements that are never removed.
type GrowSet[E Plain] struct{ value }

// NewGrowSet declares a set that only grows.
func NewGrowSet[E Plain](name string) GrowSet[E] { return GrowSet[E]{declareValue[GrowSet[E]](name)} }

// Add adds an element.
func (s GrowSet[E]) Add(element E) Effects { return changeElement(s.value, crdt.Add, element) }

// Has tells whether the element is there, as far as is known.
func (s GrowSet[E]) Has(ctx Looker, element E) bool { return has(s.view(ctx), element) }

// Values are the elements, as far as is known, in the order of their JSON text.
func (s GrowSet[E]) Values(ctx Looker) []E { return goValues[E](s.name, s.view(ctx)) }

func changeElement[E Plain](v value, of func(crdt.Scalar) crdt.Operation, element E) Effects {
	s, err := plain(element)
	return v.change(func(int64) (crdt.Operation, error) { return of(s), err })
}

func has[E Plain](view crdt.View, element E) bool {
	s, err := plain(element)
	return err == nil && view.Contains(s)
}

func (Set[E]) in(v value) Set[E]         { return Set[E]{v} }
func (Set[E]) kind() string              { return crdt.Set.String() }
func (GrowSet[E]) in(v value) GrowSet[E] { return GrowSet[E]{v} }
func (GrowSet[E]) kind() string          { return crdt.GrowSet.String() }

package typed

import "github.com/partita-io/partita/crdt"

// A Register is one replicated value that is assigned; the last write wins.
type Register[E Plain] struct{ value }

// NewRegister declares a register.
func NewRegister[E Plain](name string) Register[E] {
	return Register[E]{declareValue[Register[E]](name)}
}

// Assign writes the register.
func (r Register[E]) Assign(to E) Effects { return r.assign(plain(to)) }

// Value is what was assigned last, as far as is known; false if nothing was.
func (r Register[E]) Value(ctx Looker) (last E, assigned bool) {
	s, assigned := r.view(ctx).Value()
	if !assigned {
		return last, false
	}
	return goValue[E](r.name, s), true
}

// A MultiRegister has the values of all writes that no later one had seen.
type MultiRegister[E Plain] struct{ value }

// NewMultiRegister declares a register that keeps what was written at once.
func NewMultiRegister[E Plain](name string) MultiRegister[E] {
	return MultiRegister[E]{declareValue[MultiRegister[E]](name)}
}

// Assign writes the register, over all that has been seen.
func (r MultiRegister[E]) Assign(to E) Effects { return r.assign(plain(to)) }

// Values are what was assigned, as far as is known, in the order of their JSON text.
func (r MultiRegister[E]) Values(ctx Looker) []E { return goValues[E](r.name, r.view(ctx)) }

func (v value) assign(to crdt.Scalar, err error) Effects {
	return v.change(func(nowMS int64) (crdt.Operation, error) { return crdt.Assign(to, nowMS), err })
}

func (Register[E]) in(v value) Register[E]           { return Register[E]{v} }
func (Register[E]) kind() string                     { return crdt.Register.String() }
func (MultiRegister[E]) in(v value) MultiRegister[E] { return MultiRegister[E]{v} }
func (MultiRegister[E]) kind() string                { return crdt.MultiRegister.String() }

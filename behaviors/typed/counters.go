package typed

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/partita-io/partita/crdt"
)

// A Counter is a replicated number that counts up and down.
type Counter struct{ value }

// NewCounter declares a counter. Its name is lower-case letters, digits and hyphens; a value keeps its name and its type.
func NewCounter(name string) Counter { return Counter{declareValue[Counter](name)} }

// Increment counts n up; n is at least 0.
func (c Counter) Increment(n int64) Effects { return c.count(n, 1) }

// Decrement counts n down; n is at least 0.
func (c Counter) Decrement(n int64) Effects { return c.count(n, -1) }

// Value is the count as far as it is known. It panics if that is more than 64 bits hold; Big does not.
func (c Counter) Value(ctx Looker) int64 { return c.small(ctx) }

// Big is the count as far as it is known.
func (c Counter) Big(ctx Looker) *big.Int { return c.view(ctx).Count() }

// A GrowCounter is a replicated number that counts up.
type GrowCounter struct{ value }

// NewGrowCounter declares a counter that only grows.
func NewGrowCounter(name string) GrowCounter { return GrowCounter{declareValue[GrowCounter](name)} }

// Increment counts n up; n is at least 0.
func (c GrowCounter) Increment(n int64) Effects { return c.count(n, 1) }

// Value is the count as far as it is known. It panics if that is more than 64 bits hold; Big does not.
func (c GrowCounter) Value(ctx Looker) int64 { return c.small(ctx) }

// Big is the count as far as it is known.
func (c GrowCounter) Big(ctx Looker) *big.Int { return c.view(ctx).Count() }

// A Flag is on or off for all: who enables it wins over who disables it without having seen that.
type Flag struct{ value }

// NewFlag declares a flag; it begins disabled.
func NewFlag(name string) Flag { return Flag{declareValue[Flag](name)} }

// Enable switches the flag on.
func (f Flag) Enable() Effects { return f.changeAtOnce(crdt.Enable()) }

// Disable switches the flag off.
func (f Flag) Disable() Effects { return f.changeAtOnce(crdt.Disable()) }

// Enabled tells whether the flag is on, as far as is known.
func (f Flag) Enabled(ctx Looker) bool { return f.view(ctx).Enabled() }

// A Vote is a yes or no of each voter, and counts them.
type Vote struct{ value }

// NewVote declares a vote.
func NewVote(name string) Vote { return Vote{declareValue[Vote](name)} }

// Cast is a voter's yes or no, and replaces what the voter had said before.
func (v Vote) Cast(voter string, yes bool) Effects {
	return v.change(func(nowMS int64) (crdt.Operation, error) { return crdt.Cast(voter, yes, nowMS), nil })
}

// Tally is how many voters say yes, and how many have voted, as far as is known.
func (v Vote) Tally(ctx Looker) (yes, of int) { return v.view(ctx).Tally() }

var errCountsUp = errors.New("a count is at least 0: to count down is to Decrement")

func (v value) count(n, sign int64) Effects {
	return v.change(func(int64) (crdt.Operation, error) {
		if n < 0 {
			return crdt.Operation{}, fmt.Errorf("%d: %w", n, errCountsUp)
		}
		return crdt.Increment(sign * n), nil
	})
}

func (v value) small(ctx Looker) int64 {
	n := v.view(ctx).Count()
	if !n.IsInt64() {
		panic(fmt.Sprintf("replicated value %s is %s, which is more than 64 bits hold: read it by Big", v.name, n))
	}
	return n.Int64()
}

func (Counter) in(v value) Counter         { return Counter{v} }
func (Counter) kind() string               { return crdt.Counter.String() }
func (GrowCounter) in(v value) GrowCounter { return GrowCounter{v} }
func (GrowCounter) kind() string           { return crdt.GrowCounter.String() }
func (Flag) in(v value) Flag               { return Flag{v} }
func (Flag) kind() string                  { return crdt.Flag.String() }
func (Vote) in(v value) Vote               { return Vote{v} }
func (Vote) kind() string                  { return crdt.Vote.String() }

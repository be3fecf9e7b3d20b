package entities

import "github.com/partita-io/partita/crdt"

// A Change is an operation on one of the context's replicated values. It is made in the transaction of the decision that asks for it.
type Change struct {
	// Value is the value's name ("visitors").
	Value     string
	Operation crdt.Operation
}

// contributionPrefix begins the keys of a task's contributions to replicated values in its store and its changelog. No text begins so: it is not UTF-8.
const contributionPrefix = "\xffreplicated\x00"

// ContributionKey is the key of a task's contribution to a value.
func ContributionKey(value string) []byte { return []byte(contributionPrefix + value) }

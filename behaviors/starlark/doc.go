// Package starlark runs behaviours written in Starlark: decide_ and evolve_ functions of entities, on_ and key_ functions of projections.
//
// Record names become function names in snake case (AddItem: decide_add_item; HTTPRequest: http_request; OrderV2: order_v2).
// Scripts are loaded once and frozen, so any number of goroutines may call them. A call has no clock, no randomness and no I/O; it ends
// after Limits.Steps steps, and when it has asked for more than Limits.Bytes of memory. Starlark itself has no limit of memory: scripts
// are therefore compiled with the operators and builtins that can allocate much replaced by ones that count (see guard.go).
//
// A state is a frozen [Record]. evolve_ works on a copy that shares what is not touched; a failure leaves the old state as it was.
package starlark

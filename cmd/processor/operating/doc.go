// Package operating is what an operator does with what went wrong: dead letters that are sent again or dropped, parked entities that are released.
// Whatever is done is one transaction with the record of who did it and why; one operator of a context at a time, see [Open].
package operating

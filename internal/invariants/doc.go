// Package invariants checks what must hold if the code is right. With the build tag invariants a violation panics; without it the checks cost
// nothing.
package invariants

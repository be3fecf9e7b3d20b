//go:build invariants

package invariants

import "fmt"

// Enabled tells whether checks are compiled in.
const Enabled = true

// Check panics if cond does not hold.
func Check(cond bool, format string, args ...any) {
	if !cond {
		panic("invariant violated: " + fmt.Sprintf(format, args...))
	}
}

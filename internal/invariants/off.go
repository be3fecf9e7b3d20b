//go:build !invariants

package invariants

// Enabled tells whether checks are compiled in.
const Enabled = false

// Check does nothing.
func Check(bool, string, ...any) {}

package contexts

import (
	"fmt"
	"strings"
)

// A Result is what came of one test of the folder.
type Result struct {
	// Path and Line are where the test stands, Name is its name.
	Path string
	Line int
	Name string
	// Differences is empty when the test passed.
	Differences []Difference
}

// Passed tells whether everything was as expected.
func (r Result) Passed() bool { return len(r.Differences) == 0 }

// String is "ok" or "FAIL" with the place, and every difference on a line of its own.
func (r Result) String() string {
	var b strings.Builder
	if r.Passed() {
		b.WriteString("ok  ")
	} else {
		b.WriteString("FAIL  ")
	}
	fmt.Fprintf(&b, "%s:%d  %s", r.Path, r.Line, r.Name)
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "\n    %s\n        want  %s\n        got   %s", d.Path, d.Want, d.Got)
	}
	return b.String()
}

// Summary is the last line of a test run: "ok  3 tests", or how many of them failed.
func Summary(results []Result) string {
	failed := 0
	for _, r := range results {
		if !r.Passed() {
			failed++
		}
	}
	tests := fmt.Sprintf("%d tests", len(results))
	if len(results) == 1 {
		tests = "1 test"
	}
	if failed == 0 {
		return "ok  " + tests
	}
	return fmt.Sprintf("FAIL  %d of %s", failed, tests)
}

package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A tally counts, over all seeds, what was injected and what came of it.
type tally struct {
	// mu guards counts: seeds run side by side.
	mu     sync.Mutex
	counts map[string]map[string]int
}

func newTally() *tally { return &tally{counts: map[string]map[string]int{}} }

func (t *tally) add(group, what string, n int) {
	if n == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[group] == nil {
		t.counts[group] = map[string]int{}
	}
	t.counts[group][what] += n
}

// table has a row for each group, in Markdown.
func (t *tally) table() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	for _, group := range slices.Sorted(maps.Keys(t.counts)) {
		var cells []string
		for _, what := range slices.Sorted(maps.Keys(t.counts[group])) {
			cells = append(cells, fmt.Sprintf("%s %d", what, t.counts[group][what]))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", group, strings.Join(cells, ", "))
	}
	return b.String()
}

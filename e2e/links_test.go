package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noWord  = regexp.MustCompile(`[^\p{L}\p{N}\-_ ]`)
)

// TestLinksOfThePagesLeadSomewhere follows every link of every page into the project. Code in blocks may look like one.
func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	followed := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join("..", page))
		require.NoError(t, err)
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			followed++
			at := page
			if target != "" {
				at = filepath.Join(filepath.Dir(page), target)
			}
			content, err := os.ReadFile(filepath.Join("..", at))
			if anchor == "" {
				_, err = os.Stat(filepath.Join("..", at))
			}
			require.NoErrorf(t, err, "%s links to %s", page, m[1])
			if anchor != "" {
				require.Containsf(t, anchors(string(content)), anchor, "%s links to %s", page, m[1])
			}
		}
	}
	require.Greater(t, followed, 20)
}

// anchors are the names of headings, as GitHub makes them.
func anchors(page string) []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(page, -1) {
		all = append(all, strings.ReplaceAll(noWord.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

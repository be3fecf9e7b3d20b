package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = ".."

var (
	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	inQuotes     = regexp.MustCompile("`([^`]+)`")
	testName     = regexp.MustCompile(`^(Test|Fuzz)\w+$`)
)

// proofs are the names of all tests, and of the scripts that run the real binary.
func proofs(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch {
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			for _, m := range testFunction.FindAllStringSubmatch(string(text), -1) {
				names[m[1]] = true
			}
		case filepath.Dir(path) == filepath.Join(root, "e2e", "scripts"), filepath.Dir(path) == filepath.Join(root, "e2e") && filepath.Ext(path) == ".sh":
			names[d.Name()] = true
		}
		return nil
	}))
	return names
}

// rows are the cells of a page's tables, without their heads.
func rows(t *testing.T, page string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	var all [][]string
	var before string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		isRow := strings.HasPrefix(line, "| ") && strings.HasPrefix(before, "|")
		before = line
		if !isRow {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), " | ") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		all = append(all, cells)
	}
	require.NotEmpty(t, all)
	return all
}

// What the page promises is shown by something that is there and can fail.
func TestEveryFaultIsShownByTestsThatExist(t *testing.T) {
	known := proofs(t)
	for _, row := range rows(t, "docs/faults.md") {
		require.Len(t, row, 3, "%v", row)
		shown := 0
		if strings.Contains(row[2], "Simulation") || strings.Contains(row[2], "Nemesis") {
			shown++
		}
		for _, m := range inQuotes.FindAllStringSubmatch(row[2], -1) {
			require.True(t, known[m[1]], "%s: there is no %s", row[0], m[1])
			shown++
		}
		require.Positive(t, shown, "nothing shows: %s", row[0])
		require.NotContains(t, strings.Join(row, " "), "no test")
	}
}

func TestEveryKafkaFactIsPinnedByTestsThatExist(t *testing.T) {
	known := proofs(t)
	for _, row := range rows(t, "docs/kafka-facts.md") {
		require.Len(t, row, 5, "%v", row)
		pinned := 0
		for _, m := range inQuotes.FindAllStringSubmatch(row[3], -1) {
			if testName.MatchString(m[1]) {
				require.True(t, known[m[1]], "fact %s: there is no %s", row[0], m[1])
				pinned++
			}
		}
		if row[2] != "nobody may" {
			require.Positive(t, pinned, "fact %s is pinned by nothing", row[0])
		}
	}
}

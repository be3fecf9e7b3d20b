package partita_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var goSnippet = regexp.MustCompile("(?s)```go\n(.*?)```")

// What the page shows is part of files that the compiler has seen, a paragraph at a time.
func TestSnippetsOfThePageAreRealCode(t *testing.T) {
	files, err := filepath.Glob("examples/bank/*.go")
	require.NoError(t, err)
	var compiled strings.Builder
	for _, file := range append(files, "example_test.go", "messages_test.go", "tables_test.go", "replicated_test.go", "upcasts_test.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		compiled.WriteString(withoutIndent(string(text)) + "\n")
	}
	page, err := os.ReadFile("docs/go-api.md")
	require.NoError(t, err)
	snippets := goSnippet.FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, snippets)
	for _, snippet := range snippets {
		for paragraph := range strings.SplitSeq(withoutIndent(snippet[1]), "\n\n") {
			require.Contains(t, compiled.String(), "\n"+strings.TrimSpace(paragraph)+"\n")
		}
	}
}

func withoutIndent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

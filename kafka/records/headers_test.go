package records_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryHeaderIsOnThePage(t *testing.T) {
	source, err := os.ReadFile("headers.go")
	require.NoError(t, err)
	page, err := os.ReadFile("../../docs/formats/records.md")
	require.NoError(t, err)
	names := regexp.MustCompile(`= "([a-z]\w*[_-]\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(names), 20)
	for _, m := range names {
		require.Contains(t, string(page), "`"+m[1]+"`")
	}
}

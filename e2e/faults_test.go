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

// TestTheFaultsPageNamesTestsThatExist holds docs/faults.md to the code.
func TestTheFaultsPageNamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../docs/faults.md")
	require.NoError(t, err)
	var sources strings.Builder
	require.NoError(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			sources.Write(b)
			return err
		}
		return err
	}))
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(named), 30)
	for _, m := range named {
		require.Contains(t, sources.String(), "func "+m[1]+"(")
	}
	for _, m := range regexp.MustCompile("`(\\w+\\.txtar)`").FindAllStringSubmatch(string(page), -1) {
		require.FileExists(t, filepath.Join("scripts", m[1]))
	}
}

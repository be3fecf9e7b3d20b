package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
)

// TestTheFolderOfTheStarlarkPageWorks writes the folder that docs/starlark.md ends with, and runs its tests.
func TestTheFolderOfTheStarlarkPageWorks(t *testing.T) {
	page, err := os.ReadFile("../docs/starlark.md")
	require.NoError(t, err)
	blocks := map[string][]string{}
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
	}
	require.Len(t, blocks["python"], 2)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"context.yaml": "context: tasks\npartitions: 1\nentities:\n  task: {behavior: task.star, state: Task, " +
			"commands: [Open, AddNote, Close], events: [Opened, Noted, Closed]}\n" +
			"projections:\n  owners: {from: [task], behavior: owners.star, key: owner, row: Owner}\n",
		"task.star": blocks["python"][0], "owners.star": blocks["python"][1],
		"schemas/tasks.avsc": blocks["json"][0], "tests/tasks.yaml": blocks["yaml"][0],
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	c, problems := contexts.Load(dir, contexts.Options{Tests: true})
	require.Empty(t, problems)
	results, problems := contexts.RunTests(t.Context(), c, "")
	require.Empty(t, problems)
	require.Len(t, results, 4)
	for _, r := range results {
		require.Empty(t, r.Differences, r.Name)
	}
}

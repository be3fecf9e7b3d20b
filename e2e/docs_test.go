package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

var fenced = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")

// TestGettingStarted writes the folder of docs/getting-started.md as the page shows it and types its commands.
func TestGettingStarted(t *testing.T) {
	page, err := os.ReadFile("../docs/getting-started.md")
	require.NoError(t, err)
	blocks := make(map[string][]string)
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
	}
	require.Len(t, blocks["yaml"], 2)
	require.Len(t, blocks["python"], 2)
	require.Len(t, blocks["json"], 1)
	for _, command := range []string{
		"$ processor check library", "$ processor test library", "$ processor dev library",
		"$ processor send library book moby-dick Borrow reader=ann", "$ processor send library book moby-dick Borrow reader=bob",
		"$ processor watch library readers", "$ processor inspect library book moby-dick",
	} {
		require.Contains(t, string(page), command, "the script below types what the page shows")
	}
	script := `exec processor check library
stdout '^library: no problems\n$'
exec processor test library
stdout '^ok  2 tests$'
start dev library
exec processor send library book moby-dick Borrow reader=ann
stdout '^accepted  book/moby-dick  sequence 1  \d+ ms\n$'
! exec processor send library book moby-dick Borrow reader=bob
stdout '^rejected  book/moby-dick  borrowed: ann has it\n$'
eventually '^ann' processor watch library readers --until-end
stdout '^ann  \{"books":1\}\n$'
exec processor inspect library book moby-dick
stdout '^book/moby-dick  sequence 1  shard 1  owner \S+\n\{"reader":"ann"\}\n$'
terminate dev
`
	var archive strings.Builder
	archive.WriteString(script)
	for name, content := range map[string]string{
		"library/context.yaml": blocks["yaml"][0], "library/tests/book.yaml": blocks["yaml"][1],
		"library/schemas/library.avsc": blocks["json"][0],
		"library/book.star":            blocks["python"][0], "library/readers.star": blocks["python"][1],
	} {
		fmt.Fprintf(&archive, "-- %s --\n%s", name, content)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.txtar"), []byte(archive.String()), 0o600))
	h := &harness{ctx: t.Context()}
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true, Setup: h.setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": h.start, "terminate": h.terminate, "eventually": h.eventually,
		},
	})
}

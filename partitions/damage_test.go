package partitions

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tablesOf are the files of an instance's stores that hold their content.
func (w *world) tablesOf(instance string) []string {
	var tables []string
	require.NoError(w.t, filepath.WalkDir(filepath.Join(w.dir, instance), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".sst") {
			tables = append(tables, path)
		}
		return err
	}))
	require.NotEmpty(w.t, tables)
	return tables
}

// Somebody, or a failing disk, has changed files while the process was away.
func TestDamagedStoreIsRestoredInFullByItself(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"bytes are wrong": func(path string) error {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := range b {
				b[i] ^= 0x55
			}
			return os.WriteFile(path, b, 0o600)
		},
		"a file is missing": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2)
			a := w.start("a")
			w.send(20, 10)
			w.awaitEvents(200)
			a.stop(t)
			for _, table := range w.tablesOf("a") {
				require.NoError(t, damage(table))
			}
			a = w.start("a")
			w.send(20, 10)
			w.awaitEvents(400)
			a.await(t, func(l *log) bool { return l.running == 2 })
			a.stop(t)
			require.Empty(t, a.events.stopped)
			require.NotEmpty(t, a.events.rebuilt)
			require.Contains(t, a.events.rebuilt[0], "the store of counter/")
			require.Contains(t, a.events.rebuilt[0], "is damaged")

			a = w.start("a")
			w.send(20, 10)
			w.awaitEvents(600)
			a.stop(t)
			require.Empty(t, a.events.rebuilt, "once is enough")
		})
	}
}

// The disk goes bad under a process that runs: what it reads next is not what was written.
func TestStoreThatIsDamagedWhileItIsReadIsRestoredInFull(t *testing.T) {
	w := newWorld(t, 2)
	a := w.start("a")
	w.send(2000, 1)
	w.awaitEvents(2000)
	a.stop(t)
	a = w.start("a")
	a.await(t, func(l *log) bool { return l.running == 2 })
	// More blocks than have been read by now.
	for _, table := range w.tablesOf("a") {
		overwrite(t, table)
	}
	w.send(2000, 1)
	w.awaitEvents(4000)
	a.await(t, func(l *log) bool { return l.running >= 2 && len(l.rebuilt) > 0 })
	a.stop(t)
	require.Contains(t, a.events.rebuilt[0], "is damaged")
}

// overwrite changes a file's bytes under whoever has it open.
func overwrite(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)
	_, err = f.WriteAt(bytes.Repeat([]byte{0x55}, int(info.Size())), 0)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

package statestore

import (
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/stretchr/testify/require"
)

// storeOnMem returns a store that was written to disk and closed, its disk, and its tables.
func storeOnMem(t *testing.T) (e *Env, mem *vfs.MemFS, tables []string) {
	t.Helper()
	mem = vfs.NewMem()
	e = openEnv(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	e.fs = mem
	s, err := e.Open("cart", 3)
	require.NoError(t, err)
	_, err = apply(s, 0, 5)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	names, err := mem.List(s.dir)
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			tables = append(tables, s.dir+"/"+name)
		}
	}
	require.NotEmpty(t, tables)
	return e, mem, tables
}

// rewrite puts other bytes in the place of a file's.
func rewrite(t *testing.T, fs vfs.FS, path string, change func([]byte) []byte) {
	t.Helper()
	f, err := fs.Open(path)
	require.NoError(t, err)
	b, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	f, err = fs.Create(path, vfs.WriteCategoryUnspecified)
	require.NoError(t, err)
	_, err = f.Write(change(b))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// damages are what disks and people do to files.
var damages = map[string]func(t *testing.T, fs vfs.FS, table string){
	"bytes are wrong": func(t *testing.T, fs vfs.FS, table string) {
		t.Helper()
		rewrite(t, fs, table, func(b []byte) []byte {
			for i := range b {
				b[i] ^= 0x55
			}
			return b
		})
	},
	"the end is missing": func(t *testing.T, fs vfs.FS, table string) {
		t.Helper()
		rewrite(t, fs, table, func(b []byte) []byte { return b[:len(b)/2] })
	},
	"a table is missing": func(t *testing.T, fs vfs.FS, table string) {
		t.Helper()
		require.NoError(t, fs.Remove(table))
	},
	"the manifest is missing": func(t *testing.T, fs vfs.FS, table string) {
		t.Helper()
		dir := fs.PathDir(table)
		names, err := fs.List(dir)
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasPrefix(name, "MANIFEST") {
				require.NoError(t, fs.Remove(dir+"/"+name))
			}
		}
	},
}

// useAll opens the store and reads all of it.
func useAll(e *Env) error {
	s, err := e.Open("cart", 3)
	if err != nil {
		return err
	}
	_, err = s.Get([]byte("k1"))
	if err == nil {
		_, _, err = s.Checkpoint()
	}
	_ = s.Close()
	return err
}

func TestDamagedStoreSaysSoAndCanBeBegunAnew(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			e, mem, tables := storeOnMem(t)
			for _, table := range tables {
				damage(t, mem, table)
			}
			var damaged *DamagedError
			require.ErrorAs(t, useAll(e), &damaged)
			require.Equal(t, "cart/3", damaged.Store)
			require.ErrorContains(t, damaged, damaged.Dir)
			_, err := e.Open("cart", 3)
			require.ErrorAs(t, err, &damaged, "what was seen to be damaged is not opened again")

			s, err := e.OpenEmpty("cart", 3)
			require.NoError(t, err)
			_, ok, err := s.Checkpoint()
			require.NoError(t, err)
			require.False(t, ok)
			_, err = apply(s, 0, 1)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			require.NoError(t, useAll(e))
		})
	}
}

// A disk that cannot be read may be well again tomorrow, and its files are good.
func TestDiskThatCannotBeReadIsNoDamage(t *testing.T) {
	e, mem, _ := storeOnMem(t)
	e.fs = errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsRead && strings.HasSuffix(op.Path, ".sst") {
			return syscall.EIO
		}
		return nil
	}))
	err := useAll(e)
	require.ErrorIs(t, err, syscall.EIO)
	var damaged *DamagedError
	require.NotErrorAs(t, err, &damaged)
	e.fs = mem
	require.NoError(t, useAll(e))
}

func TestNewerStoreIsNoDamage(t *testing.T) {
	e, mem, tables := storeOnMem(t)
	dir := mem.PathDir(tables[0])
	names, err := mem.List(dir)
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, "marker.format-version") {
			// The marker's name ends with the version.
			require.NoError(t, mem.Rename(dir+"/"+name, dir+"/"+name[:len(name)-3]+"999"))
		}
	}
	err = useAll(e)
	require.Error(t, err)
	var damaged *DamagedError
	require.NotErrorAs(t, err, &damaged)
}

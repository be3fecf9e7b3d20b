package statestore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func openEnv(t *testing.T, dir string) *Env {
	t.Helper()
	e, err := OpenEnv(dir, Options{Context: "shop"})
	require.NoError(t, err)
	return e
}

func TestStoreHoldsWhatAMapHolds(t *testing.T) {
	e := openEnv(t, t.TempDir())
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		s, err := e.Open("cart", int32(n))
		require.NoError(t, err)
		twin := make(map[string]string)
		keys := rapid.StringMatching(`[a-d]{0,3}`)
		position := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "batches") {
			var changes []Change
			for range rapid.IntRange(0, 5).Draw(t, "changes") {
				key := keys.Draw(t, "key")
				if rapid.Bool().Draw(t, "delete") {
					changes = append(changes, Change{Key: []byte(key)})
					delete(twin, key)
				} else {
					value := rapid.String().Draw(t, "value")
					changes = append(changes, Change{Key: []byte(key), Value: append([]byte{}, value...)})
					twin[key] = value
				}
			}
			position += 10
			require.NoError(t, s.Apply(changes, Checkpoint{Position: position}))
			if rapid.Bool().Draw(t, "reopen") {
				require.NoError(t, s.Close())
				s, err = e.Open("cart", int32(n))
				require.NoError(t, err)
			}
			key := keys.Draw(t, "look up")
			value, err := s.Get([]byte(key))
			require.NoError(t, err)
			want, ok := twin[key]
			require.Equal(t, ok, value != nil)
			require.Equal(t, want, string(value))
		}
		found := make(map[string]string)
		require.NoError(t, s.Scan(nil, func(key, value []byte) bool { found[string(key)] = string(value); return true }))
		require.Equal(t, twin, found)
		c, ok, err := s.Checkpoint()
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, position, c.Position)
		require.NoError(t, s.Close())
	})
	require.NoError(t, e.Close())
}

func TestScanFromAKeyIsOfOneCheckpoint(t *testing.T) {
	e := openEnv(t, t.TempDir())
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	checkpoint, err := s.ScanFrom(nil, func(_, _ []byte) (bool, error) { panic("there is nothing") })
	require.NoError(t, err)
	require.Equal(t, Checkpoint{}, checkpoint)

	put := func(position int64, value string) {
		changes := []Change{{Key: []byte("a"), Value: []byte(value)}, {Key: []byte("b"), Value: []byte(value)}, {Key: []byte("\xff\xffz"), Value: []byte(value)}}
		require.NoError(t, s.Apply(changes, Checkpoint{Position: position}))
	}
	put(7, "old")
	for from, want := range map[string][]string{"": {"a", "b", "\xff\xffz"}, "a": {"a", "b", "\xff\xffz"}, "a\x00": {"b", "\xff\xffz"}, "c": {"\xff\xffz"}, "\xff\xff\xff": nil} {
		var keys []string
		checkpoint, err := s.ScanFrom([]byte(from), func(key, value []byte) (bool, error) {
			put(8, "old") // What comes meanwhile is of another checkpoint.
			keys = append(keys, string(key))
			require.Equal(t, "old", string(value))
			return true, nil
		})
		require.NoError(t, err)
		require.Equal(t, want, keys, "%q", from)
		require.LessOrEqual(t, checkpoint.Position, int64(8))
	}
	first := true
	checkpoint, err = s.ScanFrom(nil, func(_, value []byte) (bool, error) {
		put(9, "new")
		require.Equal(t, "old", string(value))
		first = !first
		return !first, nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 8, checkpoint.Position)
	enough := errors.New("enough")
	_, err = s.ScanFrom(nil, func(_, _ []byte) (bool, error) { return true, enough })
	require.ErrorIs(t, err, enough)
	require.NoError(t, s.Close())
	require.NoError(t, e.Close())
}

// Whatever a crash leaves is the content after some batch, and the checkpoint says after which.
func TestCrashLeavesAPrefixAndItsCheckpoint(t *testing.T) {
	mem := vfs.NewCrashableMem()
	e := openEnv(t, t.TempDir())
	e.fs = mem
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	syncParents(t, mem, s.dir)
	survived := int64(0)
	const batches, keys = 300, 20
	for i := 1; i <= batches; i++ {
		changes := make([]Change, 0, keys)
		for k := range keys {
			changes = append(changes, Change{Key: fmt.Appendf(nil, "k%d", k), Value: bytes.Repeat(fmt.Appendf(nil, "%06d", i), 100)})
		}
		require.NoError(t, s.Apply(changes, Checkpoint{Position: int64(i)}))
		if i%70 == 0 {
			require.NoError(t, s.db.Flush())
		}
		if i%23 != 0 {
			continue
		}
		crashed := *e
		crashed.fs = mem.CrashClone(vfs.CrashCloneCfg{})
		after, err := crashed.Open("cart", 0)
		require.NoError(t, err)
		c, ok, err := after.Checkpoint()
		require.NoError(t, err)
		require.LessOrEqual(t, c.Position, int64(i))
		survived = max(survived, c.Position)
		for k := range keys {
			value, err := after.Get(fmt.Appendf(nil, "k%d", k))
			require.NoError(t, err)
			if !ok {
				require.Nil(t, value)
				continue
			}
			require.Equal(t, fmt.Sprintf("%06d", c.Position), string(value[:6]), "crash after batch %d", i)
		}
		require.NoError(t, after.db.Close())
	}
	require.Greater(t, survived, int64(200), "crashes left nothing to look at")
	require.NoError(t, s.Close())
	require.NoError(t, e.Close())
}

func TestDirectoryIsOfOneProcessAndOneContext(t *testing.T) {
	dir := t.TempDir()
	e := openEnv(t, dir)
	_, err := OpenEnv(dir, Options{Context: "shop"})
	require.ErrorContains(t, err, fmt.Sprintf("is used by another process (pid %d)", os.Getpid()))
	id := e.InstanceID()
	require.NoError(t, e.Close())

	_, err = OpenEnv(dir, Options{Context: "bank"})
	require.ErrorContains(t, err, "belongs to context shop, not to bank")

	e = openEnv(t, dir)
	require.Equal(t, id, e.InstanceID(), "the same at every start")
	require.NoError(t, e.Close())
}

func TestNewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, metaFile), []byte("partita state 2\nshop\n"), 0o600))
	_, err := OpenEnv(dir, Options{Context: "shop"})
	require.ErrorContains(t, err, `is of format "partita state 2", this version reads "partita state 1"`)
}

func TestDirectoryThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := OpenEnv(filepath.Join(file, "state"), Options{Context: "shop"})
	require.ErrorContains(t, err, "name another one with --state-dir")
}

func TestClearedStoreIsEmpty(t *testing.T) {
	e := openEnv(t, t.TempDir())
	s, err := e.Open("cart", 0)
	require.NoError(t, err)
	require.NoError(t, s.Apply([]Change{{Key: []byte("a"), Value: []byte("1")}}, Checkpoint{Position: 5}))
	require.NoError(t, s.Clear())
	value, err := s.Get([]byte("a"))
	require.NoError(t, err)
	require.Nil(t, value)
	_, ok, err := s.Checkpoint()
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, s.Close())
	require.NoError(t, e.Close())
}

func TestCheckpointSurvivesItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Checkpoint{
			Position:    rapid.Int64Min(0).Draw(t, "position"),
			LeaderEpoch: rapid.Int32().Draw(t, "epoch"),
			TimeMS:      rapid.Int64().Draw(t, "time"),
		}
		copy(c.TopicID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "topic"))
		back, err := parseCheckpoint(c.append(nil))
		require.NoError(t, err)
		require.Equal(t, c, back)
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(Checkpoint{Position: 7, LeaderEpoch: -1}.append(nil))
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := parseCheckpoint(b); err == nil {
			require.Equal(t, b, c.append(nil))
		}
	})
}

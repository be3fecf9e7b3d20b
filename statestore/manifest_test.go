package statestore

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"
)

// The changelog of these tests: batch n sets one of some keys to n.
const manifestKeys = 7

func batchOf(n int) []Change {
	return []Change{{Key: fmt.Appendf(nil, "k%d", n%manifestKeys), Value: fmt.Appendf(nil, "%d", n)}}
}

// goOn brings a store to what the first written batches led to, all at once as a restore does, then batch by batch to the first n, and requires that it
// has what they led to at each step.
func goOn(t *testing.T, s *Store, written, n int) error {
	t.Helper()
	c, _, err := s.Checkpoint()
	if err != nil {
		return err
	}
	var missed []Change
	for i := int(c.Position); i < written; i++ {
		missed = append(missed, batchOf(i)...)
	}
	if len(missed) > 0 {
		if err := s.Apply(missed, Checkpoint{Position: int64(written)}); err != nil {
			return err
		}
	}
	for i := written; ; i++ {
		for k := max(0, i-manifestKeys); k < i; k++ {
			value, err := s.Get(batchOf(k)[0].Key)
			if err != nil {
				return err
			}
			require.Equal(t, fmt.Sprint(k), string(value), "at checkpoint %d", i)
		}
		if i == n {
			return nil
		}
		if err := s.Apply(batchOf(i), Checkpoint{Position: int64(i + 1)}); err != nil {
			return err
		}
	}
}

// Whatever a manifest is damaged in, a store is refused, or is a prefix of what was applied and stays right when it is brought on from there.
func TestDamagedManifestIsRefusedOrAPrefix(t *testing.T) {
	for name, lives := range map[string][]int{
		// Tables that were not merged keep their sequence numbers.
		"nothing was written in the last life": {20, 20},
		"tables were merged":                   {20, 40, 60},
		"one life":                             {20},
	} {
		t.Run(name, func(t *testing.T) { tryDamagedManifests(t, lives) })
	}
}

// tryDamagedManifests has a store live as often as there are lives, each to the number of batches given, and damages the last manifest in all ways.
func tryDamagedManifests(t *testing.T, lives []int) {
	t.Helper()
	const more = 150
	disk := vfs.NewMem()
	e := openEnv(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	e.fs = disk
	written := 0
	for _, to := range lives {
		s, err := e.Open("cart", 0)
		require.NoError(t, err)
		require.NoError(t, goOn(t, s, written, to))
		require.NoError(t, s.Close())
		written = to
	}
	dir := e.store("cart", 0).dir
	found, err := pebble.Peek(dir, disk)
	require.NoError(t, err)
	info, err := disk.Stat(found.ManifestFilename)
	require.NoError(t, err)
	refused, older := 0, 0
	try := func(what string, change func([]byte) []byte) {
		e := *e
		e.damage = new(damageBook)
		copied := vfs.NewMem()
		_, err := vfs.Clone(disk, copied, dir, dir)
		require.NoError(t, err)
		rewrite(t, copied, found.ManifestFilename, change)
		e.fs = copied
		s, err := e.Open("cart", 0)
		if err == nil {
			var c Checkpoint
			if c, _, err = s.Checkpoint(); err == nil && c.Position < int64(written) {
				older++
			}
			err = errors.Join(err, goOn(t, s, written, written+more), s.Close())
		}
		if err != nil {
			refused++
			var damaged *DamagedError
			require.ErrorAs(t, err, &damaged, what)
		}
	}
	for at := range int(info.Size()) {
		try(fmt.Sprintf("bit %d of byte %d is flipped", at%8, at), func(b []byte) []byte {
			b[at] ^= 1 << (at % 8)
			return b
		})
		try(fmt.Sprintf("cut to %d bytes", at), func(b []byte) []byte { return b[:at] })
	}
	require.Positive(t, refused)
	t.Logf("%d bytes: %d were refused, %d were older states", info.Size(), refused, older)
}

// To open a database gives it a new manifest: damage that was seen once must be there still when the process ends before it was mended.
func TestManifestThatWasCutIsRefusedEachTime(t *testing.T) {
	disk := vfs.NewMem()
	e := openEnv(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	e.fs = disk
	for range 2 {
		s, err := e.Open("cart", 0)
		require.NoError(t, err)
		require.NoError(t, goOn(t, s, 20, 20))
		require.NoError(t, s.Close())
	}
	found, err := pebble.Peek(e.store("cart", 0).dir, disk)
	require.NoError(t, err)
	for numbered := true; numbered; {
		rewrite(t, disk, found.ManifestFilename, func(b []byte) []byte { return b[:len(b)-1] })
		numbered, err = hasSequenceNumber(disk, found.ManifestFilename)
		require.NoError(t, err)
	}
	for range 3 {
		e.damage = new(damageBook)
		_, err = e.Open("cart", 0)
		require.ErrorIs(t, err, errManifestCut)
	}
}

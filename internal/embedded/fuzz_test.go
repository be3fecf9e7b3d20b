package embedded

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever a segment and its index hold, after mending they hold whole batches with one note each, and mending again changes nothing.
func FuzzSegment(f *testing.F) {
	first := marker(transaction{producer: 7, epoch: 1}, true, 0, 0)
	second := marker(transaction{producer: 8, epoch: 2}, false, 1, 0)
	whole := second.AppendTo(first.AppendTo(nil))
	f.Add(whole, append(indexEntry(0, false), indexEntry(0, true)...))
	f.Add(whole[:len(whole)-3], indexEntry(0, false)[:9])
	f.Fuzz(func(t *testing.T, data, index []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "0.dat"), data, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "0.idx"), index, 0o600))
		scan, err := scanPartition(dir)
		require.NoError(t, err)
		for _, tx := range scan.openTransactions() {
			require.NoError(t, scan.appendMarker(tx, false))
		}
		mended, err := readSegment(dir, 0)
		require.NoError(t, err)
		require.Empty(t, mended.unnoted)
		require.Len(t, readFile(t, dir, "0.dat"), int(mended.size))
		require.Len(t, readFile(t, dir, "0.idx"), indexEntrySize*len(mended.batches))
		again, err := scanPartition(dir)
		require.NoError(t, err)
		require.Empty(t, again.openTransactions())
	})
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return data
}

// Whatever a log of producers holds, after fencing it is whole, and each producer has a higher epoch than before.
func FuzzProducers(f *testing.F) {
	f.Add(appendEntry(nil, []byte(`{"type":"init","pid":7,"epoch":3,"txid":"tx"}`)))
	f.Add(append(appendEntry(nil, []byte(`{"type":"init","pid":7,"epoch":32767,"txid":"tx"}`)), 9, 0, 0, 0, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, producersFile)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		before, err := readProducerLog(path)
		require.NoError(t, err)
		require.NoError(t, before.fence())
		after, err := readProducerLog(path)
		require.NoError(t, err)
		require.Len(t, readFile(t, dir, producersFile), int(after.size))
		for id, p := range before.last {
			if p.TxID != "" && p.Epoch < math.MaxInt16 {
				require.Greater(t, after.last[id].Epoch, p.Epoch)
			}
		}
	})
}

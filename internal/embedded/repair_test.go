package embedded_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

const events, changelog = "shop.cart.events", "shop.cart.changelog"

func TestWhatAKillAbortedStaysAborted(t *testing.T) {
	dir := t.TempDir()
	line, cmd := spawn(t, dir)
	addr := strings.TrimPrefix(line, "listening ")
	createTopics(t, addr)
	cl := producer(t, addr, "tx")
	produce(t, cl, events, 0, "aborted by the kill")
	kill(t, cmd)

	// The same producer commits, and the process is killed again: one marker must not stand for both.
	line, cmd = spawn(t, dir)
	addr = strings.TrimPrefix(line, "listening ")
	require.Empty(t, committed(t, addr, events))
	cl = producer(t, addr, "tx")
	produce(t, cl, events, 0, "committed")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	kill(t, cmd)

	line, cmd = spawn(t, dir)
	require.Equal(t, []string{"committed"}, committed(t, strings.TrimPrefix(line, "listening "), events))
	kill(t, cmd)
}

// partitionFile is the newest segment or index of a partition.
func partitionFile(t *testing.T, dir, topic string, partition int, suffix string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "log", "partitions", topic+"-"+strconv.Itoa(partition), "*"+suffix))
	require.NoError(t, err)
	require.Len(t, files, 1)
	return files[0]
}

func cut(t *testing.T, path string, size int64) {
	t.Helper()
	require.NoError(t, os.Truncate(path, size))
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

func TestACommitTornByAKillIsCommittedEverywhere(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	createTopics(t, b.Addr())
	cl := producer(t, b.Addr(), "tx")
	produce(t, cl, events, 0, "event")
	produce(t, cl, changelog, 1, "state")
	beforeMarker := size(t, partitionFile(t, dir, changelog, 1, ".dat"))
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	require.NoError(t, b.Close())

	// As if the process had been killed before the marker of the second partition.
	cut(t, partitionFile(t, dir, changelog, 1, ".dat"), beforeMarker)
	cut(t, partitionFile(t, dir, changelog, 1, ".idx"), 15)
	require.NoError(t, os.Remove(filepath.Join(dir, "clean")))

	for range 2 {
		b = start(t, dir)
		require.Equal(t, []string{"event"}, committed(t, b.Addr(), events))
		require.Equal(t, []string{"state"}, committed(t, b.Addr(), changelog))
		require.NoError(t, b.Close())
		require.NoError(t, os.Remove(filepath.Join(dir, "clean")))
	}
}

func TestABatchWithoutItsNoteIsStillPartOfItsTransaction(t *testing.T) {
	dir := t.TempDir()
	line, cmd := spawn(t, dir)
	addr := strings.TrimPrefix(line, "listening ")
	createTopics(t, addr)
	cl := producer(t, addr, "tx")
	produce(t, cl, events, 0, "open")
	kill(t, cmd)
	cut(t, partitionFile(t, dir, events, 0, ".idx"), 7)

	b := start(t, dir)
	require.Empty(t, committed(t, b.Addr(), events))
	require.NoError(t, b.Close())
}

func TestABatchThatWasNotWrittenWholeIsGone(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	createTopics(t, b.Addr())
	cl := producer(t, b.Addr(), "tx")
	produce(t, cl, events, 0, "whole")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	whole := size(t, partitionFile(t, dir, events, 0, ".dat"))
	require.NoError(t, cl.BeginTransaction())
	produce(t, cl, events, 0, "half")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	require.NoError(t, b.Close())
	cut(t, partitionFile(t, dir, events, 0, ".dat"), whole+30)
	require.NoError(t, os.Remove(filepath.Join(dir, "clean")))

	b = start(t, dir)
	require.Equal(t, []string{"whole"}, committed(t, b.Addr(), events))
	cl = producer(t, b.Addr(), "tx")
	produce(t, cl, events, 0, "next")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	require.Equal(t, []string{"whole", "next"}, committed(t, b.Addr(), events))
	require.NoError(t, b.Close())
}

func TestATransactionLeftOpenByAnOrderlyEndIsAborted(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	createTopics(t, b.Addr())
	cl := producer(t, b.Addr(), "tx")
	produce(t, cl, changelog, 0, "open")
	require.NoError(t, b.Close())

	b = start(t, dir)
	require.Empty(t, committed(t, b.Addr(), changelog))
	require.NoError(t, b.Close())
}

func TestCompactionAtStartKeepsTheLastValueOfEachKey(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	createTopics(t, b.Addr())
	cl := producer(t, b.Addr(), "tx")
	produce(t, cl, changelog, 0, "a", "a", "b", "a", "b")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	require.Len(t, committed(t, b.Addr(), changelog), 5)
	require.NoError(t, b.Close())
	for _, clean := range []bool{true, false} {
		if !clean {
			require.NoError(t, os.Remove(filepath.Join(dir, "clean")))
		}
		b = start(t, dir)
		values := committed(t, b.Addr(), changelog)
		slices.Sort(values)
		require.Equal(t, []string{"a", "b"}, values)
		require.NoError(t, b.Close())
	}
}

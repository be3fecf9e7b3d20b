package cli

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/partitions"
)

func TestRestoreBarGrowsUntilAllStoresAreWhole(t *testing.T) {
	var b restoreBar
	l := b.listener()
	require.Empty(t, b.String())

	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 0, RecordsRead: 0, Remaining: 1000})
	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 1, RecordsRead: 500, Remaining: 500})
	require.Equal(t, "restoring [#######.......................]  25 %  500 of 2000 records  stores: 2", b.String())

	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 1, RecordsRead: 1000})
	require.Equal(t, "restoring [###############...............]  50 %  1000 of 2000 records  stores: 1", b.String())

	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 0, RecordsRead: 1000})
	require.Empty(t, b.String())
}

func TestRestoreBarForgetsAShardThatMoved(t *testing.T) {
	var b restoreBar
	l := b.listener()
	l.RestoreProgress(partitions.RestoreEvent{Component: "cart", Shard: 3, Remaining: 1000})
	l.ShardClosed(partitions.ShardEvent{Shard: 3})
	require.Empty(t, b.String())
}

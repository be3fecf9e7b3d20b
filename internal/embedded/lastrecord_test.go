package embedded_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

const eventsTopic = "shop.cart.events"

// fillAndDelete writes two records in a transaction to partition 0, deletes up to the end, and returns the end.
func fillAndDelete(t *testing.T, addr string) records.Position {
	t.Helper()
	createTopics(t, addr)
	cl := producer(t, addr, "tx")
	produce(t, cl, eventsTopic, 0, "a", "b")
	require.NoError(t, cl.EndTransaction(within(t), kgo.TryCommit))
	end := endOf(t, addr)
	require.Equal(t, records.Position(3), end)
	offsets := make(kadm.Offsets)
	offsets.AddOffset(eventsTopic, 0, int64(end), -1)
	_, err := kadm.NewClient(cl).DeleteRecords(within(t), offsets)
	require.NoError(t, err)
	return end
}

func endOf(t *testing.T, addr string) records.Position {
	t.Helper()
	cl, err := client.NewAdmin(client.Config{Brokers: []string{addr}})
	require.NoError(t, err)
	defer cl.Close()
	bounds, err := admin.New(cl).Bounds(within(t), eventsTopic)
	require.NoError(t, err)
	return bounds[records.TopicPartition{Topic: eventsTopic}].End
}

func TestTheEndOfALogWhoseRecordsWereReadAndDeletedIsKept(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	end := fillAndDelete(t, b.Addr())
	require.NoError(t, b.Close())
	b = start(t, dir)
	require.Equal(t, end, endOf(t, b.Addr()))
	require.Empty(t, committed(t, b.Addr(), eventsTopic))
	require.NoError(t, b.Close())
}

func TestTheEndOfALogWhoseRecordsWereReadAndDeletedSurvivesAKill(t *testing.T) {
	dir := t.TempDir()
	line, cmd := spawn(t, dir)
	end := fillAndDelete(t, strings.TrimPrefix(line, "listening "))
	kill(t, cmd)
	line, cmd = spawn(t, dir)
	require.Equal(t, end, endOf(t, strings.TrimPrefix(line, "listening ")))
	kill(t, cmd)
}

func TestDeletingToAnEndThatIsNotNamedIsRefused(t *testing.T) {
	b := start(t, t.TempDir())
	createTopics(t, b.Addr())
	cl, err := client.NewAdmin(client.Config{Brokers: []string{b.Addr()}})
	require.NoError(t, err)
	defer cl.Close()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(eventsTopic, 0, -1, -1)
	deleted, err := kadm.NewClient(cl).DeleteRecords(within(t), offsets)
	require.NoError(t, err)
	first, ok := deleted.Lookup(eventsTopic, 0)
	require.True(t, ok)
	require.ErrorIs(t, first.Err, kerr.PolicyViolation)
	require.NoError(t, b.Close())
}

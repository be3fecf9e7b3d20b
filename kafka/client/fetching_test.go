package client

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Without the reminder one of some ten thousand rounds stands still, on two cores that have other things to do: PARTITA_ROUNDS sets how many there are.
func TestRemovedPartitionsDoNotSilenceTheOthers(t *testing.T) {
	rounds := 100
	if wanted := os.Getenv("PARTITA_ROUNDS"); wanted != "" {
		var err error
		rounds, err = strconv.Atoi(wanted)
		require.NoError(t, err)
	}
	const kept, removed = 4, 6
	c, err := kfake.NewCluster(kfake.NumBrokers(kept), kfake.SeedTopics(kept, "kept"), kfake.SeedTopics(removed, "removed"))
	require.NoError(t, err)
	defer c.Close()
	cfg := Config{Brokers: c.ListenAddrs()}
	producer, err := NewPlainProducer(cfg)
	require.NoError(t, err)
	defer producer.Close()
	consumer, err := NewConsumer(cfg)
	require.NoError(t, err)
	defer consumer.Close()
	consumer.AddConsumePartitions(all("kept", kept))
	for round := range rounds {
		consumer.AddConsumePartitions(all("removed", removed))
		for p := range int32(removed) {
			consumer.RemoveConsumePartitions(map[string][]int32{"removed": {p}})
		}
		var records []*kgo.Record
		for p := range int32(kept) {
			records = append(records, &kgo.Record{Topic: "kept", Partition: p})
		}
		require.NoError(t, producer.ProduceSync(t.Context(), records...).FirstErr())
		ctx, cancel := context.WithTimeout(t.Context(), 10*reminder)
		for got := 0; got < kept; {
			fetches := consumer.PollRecords(ctx, kept)
			require.NoError(t, fetches.Err0(), "round %d: %d of %d partitions are read", round, got, kept)
			got += fetches.NumRecords()
		}
		cancel()
	}
}

func all(topic string, partitions int32) map[string]map[int32]kgo.Offset {
	start := make(map[int32]kgo.Offset)
	for p := range partitions {
		start[p] = kgo.NewOffset().At(0)
	}
	return map[string]map[int32]kgo.Offset{topic: start}
}

func TestReminderEndsWithItsClient(t *testing.T) {
	cl, err := NewAdmin(Config{Brokers: []string{"localhost:1"}})
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		remind(cl)
	}()
	cl.Close()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
}

package main

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// passthrough is the measure of all others: franz-go alone copies each record to two topics in transactions, with no state, no codec and no
// group. Whatever a runtime costs beyond it is its own.
func passthrough(ctx context.Context, brokers []string, in string, partitions int32, records int) error {
	start := make(map[int32]kgo.Offset, partitions)
	for p := range partitions {
		start[p] = kgo.NewOffset().AtStart()
	}
	consumer, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{in: start}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxBytes(16<<20))
	if err != nil {
		return err
	}
	defer consumer.Close()
	producer, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID("bench-passthrough"), kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MaxBufferedRecords(1<<20))
	if err != nil {
		return err
	}
	defer producer.Close()
	for done := 0; done < records; {
		fetches := consumer.PollRecords(ctx, windowRecords)
		if err := fetches.Err0(); err != nil {
			return err
		}
		if err := producer.BeginTransaction(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			done++
			for _, to := range [...]string{in + "-out1", in + "-out2"} {
				producer.Produce(ctx, &kgo.Record{Topic: to, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp}, nil)
			}
		})
		if err := producer.Flush(ctx); err != nil {
			return err
		}
		if err := producer.EndTransaction(ctx, kgo.TryCommit); err != nil {
			return fmt.Errorf("after %d records: %w", done, err)
		}
	}
	return nil
}

// windowRecords is what the runtime takes into one window at most.
const windowRecords = 16384

package client

import "github.com/twmb/franz-go/pkg/kgo"

// NewPlainProducer writes without transactions, each record once and in the order of a partition, to partitions that each record names: who
// sends commands places them as the engine does (see records.Partition), whatever the topic looks like by now.
func NewPlainProducer(c Config) (*kgo.Client, error) {
	return kgo.NewClient(c.options(
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		// A single command goes at once. Many batch themselves: while a request is under way, the next one fills.
		kgo.ProducerLinger(0),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		// Produce blocks beyond this: what is read from a long input stays bounded.
		kgo.MaxBufferedRecords(1<<15),
		// A topic that is missing is an answer to give, not a reason to wait: 4 tries at metadataMinAge.
		kgo.UnknownTopicRetries(4),
	)...)
}

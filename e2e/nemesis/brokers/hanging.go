package brokers

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// An Open transaction is one that readers of committed records wait for.
type Open struct {
	Topic     string
	Partition int32
	// ProducerID and Epoch began it, and wrote to it last at LastWrite.
	ProducerID int64
	Epoch      int32
	LastWrite  time.Time
	// Coordinator is what the producer's coordinator says: the transactional id and its state. With a state other than Ongoing or Prepare…, nobody
	// will ever end the transaction: it hangs (KIP-664).
	Coordinator string
}

func (o Open) String() string {
	return fmt.Sprintf("%s/%d has a transaction of producer %d, epoch %d, last written to at %s; its coordinator says: %s",
		o.Topic, o.Partition, o.ProducerID, o.Epoch, o.LastWrite.UTC().Format(time.RFC3339), o.Coordinator)
}

// OpenTransactions are all that readers wait for now.
func (c *Cluster) OpenTransactions(ctx context.Context) ([]Open, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	topics, err := c.adm.ListTopics(ctx)
	if err != nil {
		return nil, err
	}
	unstable, err := c.unstable(ctx, topics.Names())
	if err != nil || len(unstable) == 0 {
		return nil, err
	}
	described, err := c.adm.DescribeProducers(ctx, unstable)
	if err != nil {
		return nil, fmt.Errorf("describing producers: %w", err)
	}
	transactions, err := c.adm.ListTransactions(ctx, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("listing transactions: %w", err)
	}
	states := make(map[int64]string)
	for id, t := range transactions {
		states[t.ProducerID] = id + " " + t.State
	}
	var open []Open
	described.EachProducer(func(p kadm.DescribedProducer) {
		if p.CurrentTxnStartOffset >= 0 {
			open = append(open, Open{
				Topic: p.Topic, Partition: p.Partition, ProducerID: p.ProducerID, Epoch: int32(p.ProducerEpoch),
				LastWrite: time.UnixMilli(p.LastTimestamp), Coordinator: states[p.ProducerID],
			})
		}
	})
	return open, nil
}

// unstable are partitions whose stable end is not their end.
func (c *Cluster) unstable(ctx context.Context, topics []string) (kadm.TopicsSet, error) {
	ends, err := c.adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	stable, err := c.adm.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	differ := make(kadm.TopicsSet)
	ends.Each(func(end kadm.ListedOffset) {
		if s, ok := stable.Lookup(end.Topic, end.Partition); ok && s.Offset < end.Offset {
			differ.Add(end.Topic, end.Partition)
		}
	})
	return differ, nil
}

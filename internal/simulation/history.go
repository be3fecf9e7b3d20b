package simulation

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// A history is all that the topics have ever held, aborted records too, with the transactions they belong to. It is read on from where it was
// read to.
type history struct {
	cluster    *kfake.Cluster
	cl         *kgo.Client
	topics     []string
	partitions map[records.TopicPartition]*partitionHistory
	// transactions in the order of their first records as they were read.
	transactions []*transaction
	byWriter     map[writer]*transaction
	// misread are records that were given twice, or not.
	misread []error
}

type partitionHistory struct {
	// position is the next offset to read.
	position int64
	entries  []*entry
	// open are records of transactions without a marker yet, by producer.
	open map[int64][]*entry
}

// An entry is a record, but no marker.
type entry struct {
	*kgo.Record
	// transaction is nil for what the workload wrote.
	transaction *transaction
	// marker is the offset of the marker that ended the transaction on this partition; -1 before.
	marker    int64
	committed bool
}

// A writer is a producer between two transactions: a broker of transaction.version 2 gives each a new epoch (KIP-890).
type writer struct {
	producerID int64
	epoch      int16
}

// A transaction is what one writer wrote.
type transaction struct {
	writer
	entries []*entry
	// ended is the time of the first of its markers, in ms since 1970; 0 before.
	ended int64
}

// committed tells whether there is a commit marker; each record says so too, and checkTorn that all say the same.
func (t *transaction) committed() bool { return t.entries[0].committed }

func newHistory(cluster *kfake.Cluster, brokers []string, dial dialFunc, topics ...string) (*history, error) {
	h := &history{
		cluster: cluster, topics: topics, partitions: map[records.TopicPartition]*partitionHistory{}, byWriter: map[writer]*transaction{},
	}
	start := map[string]map[int32]kgo.Offset{}
	for _, topic := range topics {
		start[topic] = map[int32]kgo.Offset{}
		for _, info := range cluster.PartitionInfos(topic) {
			p := info.Partition
			start[topic][p] = kgo.NewOffset().At(0)
			h.partitions[records.TopicPartition{Topic: topic, Partition: p}] = &partitionHistory{open: map[int64][]*entry{}}
		}
	}
	var err error
	h.cl, err = kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.Dialer(dial), kgo.DisableClientMetrics(), kgo.MetadataMinAge(50*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), kgo.KeepControlRecords(), kgo.FetchMaxWait(10*time.Millisecond), kgo.ConsumePartitions(start))
	return h, err
}

// readerPatience is for the history's own reader, whose link never fails, in virtual time.
const readerPatience = time.Minute

// read takes in what has been written since it was called last. stable tells that no transaction is open.
func (h *history) read(ctx context.Context) (stable bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readerPatience)
	defer cancel()
	stable = true
	ends := map[*partitionHistory]int64{}
	for _, topic := range h.topics {
		for _, info := range h.cluster.PartitionInfos(topic) {
			p := h.partitions[records.TopicPartition{Topic: topic, Partition: info.Partition}]
			if p.position < info.HighWatermark {
				ends[p] = info.HighWatermark
			}
			stable = stable && info.LastStableOffset == info.HighWatermark
		}
	}
	for len(ends) > 0 {
		fetches := h.cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return false, fmt.Errorf("the simulation's own reader stands still: %w", ctx.Err())
		}
		fetches.EachRecord(h.take)
		for p, end := range ends {
			if p.position >= end {
				delete(ends, p)
			}
		}
	}
	return stable, errors.Join(h.misread...)
}

func (h *history) take(r *kgo.Record) {
	p := h.partitions[records.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
	if r.Offset != p.position {
		h.misread = append(h.misread, fmt.Errorf("the simulation's own reader was given %s/%d/%d at position %d", r.Topic, r.Partition, r.Offset, p.position))
		return
	}
	p.position = r.Offset + 1
	switch {
	case r.Attrs.IsControl():
		// The key of a marker is its version and its type, 1 for a commit.
		commit := len(r.Key) >= 4 && binary.BigEndian.Uint16(r.Key[2:]) == 1
		for _, e := range p.open[r.ProducerID] {
			e.marker, e.committed = r.Offset, commit
			if at := r.Timestamp.UnixMilli(); e.transaction.ended == 0 || at < e.transaction.ended {
				e.transaction.ended = at
			}
		}
		delete(p.open, r.ProducerID)
	case r.Attrs.IsTransactional():
		e := &entry{Record: r, marker: -1, transaction: h.transactionOf(writer{r.ProducerID, r.ProducerEpoch})}
		e.transaction.entries = append(e.transaction.entries, e)
		p.entries = append(p.entries, e)
		p.open[r.ProducerID] = append(p.open[r.ProducerID], e)
	default:
		p.entries = append(p.entries, &entry{Record: r, marker: r.Offset, committed: true})
	}
}

func (h *history) transactionOf(w writer) *transaction {
	t := h.byWriter[w]
	if t == nil {
		t = &transaction{writer: w}
		h.byWriter[w] = t
		h.transactions = append(h.transactions, t)
	}
	return t
}

// committed calls f with every committed record of a topic, in the order of each partition.
func (h *history) committed(topic string, f func(*entry)) {
	for _, info := range h.cluster.PartitionInfos(topic) {
		for _, e := range h.log(topic, info.Partition) {
			f(e)
		}
	}
}

// log are the committed records of a partition.
func (h *history) log(topic string, partition int32) []*entry {
	var log []*entry
	for _, e := range h.partitions[records.TopicPartition{Topic: topic, Partition: partition}].entries {
		if e.committed {
			log = append(log, e)
		}
	}
	return log
}

// latest are the values of a compacted topic.
func (h *history) latest(topic string) map[string][]byte {
	latest := map[string][]byte{}
	h.committed(topic, func(e *entry) {
		latest[string(e.Key)] = e.Value
		if e.Value == nil {
			delete(latest, string(e.Key))
		}
	})
	return latest
}

// end is the end of a partition as written, asked for without a request.
func (w *world) end(topic string, partition int32) int64 {
	return w.cluster.PartitionInfo(topic, partition).HighWatermark
}

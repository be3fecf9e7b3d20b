package transactions

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/internal/invariants"
	"github.com/partita-io/partita/kafka/client"
)

// A Transaction is one window on its way to the log.
type Transaction struct {
	producer *kgo.Client
	id       string
	needsAdd bool

	produced int
	fenced   bool

	// mu guards failures, which kgo's goroutines add to until Flush has returned.
	mu       sync.Mutex
	failures []Refusal
}

// A Refusal is a record that did not get into the log, and why.
type Refusal struct {
	Record *kgo.Record
	Err    error
}

// Produce hands a record over to be sent. Its Offset is set when Flush has returned.
func (t *Transaction) Produce(ctx context.Context, record *kgo.Record) {
	t.produced++
	t.producer.Produce(ctx, record, t.delivered)
}

func (t *Transaction) delivered(record *kgo.Record, err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	t.failures = append(t.failures, Refusal{Record: record, Err: err})
	t.mu.Unlock()
}

// Flush waits until every record was answered. When it returns nil all of them are in the log; the error is that of the first failure.
func (t *Transaction) Flush(ctx context.Context) error {
	if err := t.producer.Flush(ctx); err != nil {
		return fmt.Errorf("flushing %s: %w", t.id, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.failures) == 0 {
		return nil
	}
	f := t.failures[0]
	return fmt.Errorf("producing to %s/%d: %w", f.Record.Topic, f.Record.Partition, client.NameRight(f.Err, "WRITE", "topic "+f.Record.Topic))
}

// LeaderEpoch is the partition's leader epoch as the producer knows it, -1 if it does not.
func (t *Transaction) LeaderEpoch(topic string, partition int32) int32 {
	_, epoch, err := t.producer.PartitionLeader(topic, partition)
	if err != nil {
		return -1
	}
	return epoch
}

// Refusals are the records that failed, known once Flush has returned.
func (t *Transaction) Refusals() []Refusal {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failures
}

// End asks for the commit. After anything but Committed the pair must be reset.
//
// What leads to each answer: OPERATION_NOT_ATTEMPTED, the producer id had failed before, so nothing was sent: Aborted. Any other error may
// come after the commit took effect: the request may have been processed and its answer lost, and even a plain "fenced" may be the answer to
// kgo's repetition of a request that had succeeded: Unknown.
func (t *Transaction) End(ctx context.Context) (Outcome, error) {
	invariants.Check(t.fenced, "transaction of %s ends without a fence", t.id)
	invariants.Check(t.produced > 0, "transaction of %s ends without a record: kgo would send nothing and its fence would hang", t.id)
	err := t.producer.EndTransaction(ctx, kgo.TryCommit)
	switch {
	case err == nil:
		return Committed, nil
	case errors.Is(err, kerr.OperationNotAttempted):
		return Aborted, fmt.Errorf("committing %s: %w", t.id, err)
	}
	return Unknown, fmt.Errorf("committing %s: %w", t.id, err)
}

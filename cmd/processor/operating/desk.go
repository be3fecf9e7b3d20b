package operating

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

// An Operator is who does something, and the reason given.
type Operator struct{ By, Why string }

// A Desk writes for one operator. There is one at a time for each context: whoever opens it later fences the one before, whose transaction is
// then aborted. So what was read after Open is still so at the commit, as far as operators are concerned.
type Desk struct {
	context  topics.Context
	operator Operator
	producer *kgo.Client
}

// TransactionalID is that of the operators of a context. It is none of an instance, so no instance ends it when it takes over.
func TransactionalID(contextName string) string { return "partita-cli/" + contextName }

// Open takes the desk. While the broker ends the transaction of whoever had it before, it is asked again.
func Open(ctx context.Context, cfg client.Config, c topics.Context, o Operator) (*Desk, error) {
	for {
		producer, err := take(ctx, cfg, TransactionalID(c.Name))
		if err == nil {
			return &Desk{context: c, operator: o, producer: producer}, nil
		}
		if !errors.Is(err, kerr.ConcurrentTransactions) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(takePause):
		}
	}
}

const takePause = 50 * time.Millisecond

func take(ctx context.Context, cfg client.Config, id string) (*kgo.Client, error) {
	producer, err := client.NewProducer(cfg, id)
	if err != nil {
		return nil, err
	}
	if _, _, err := producer.ProducerID(ctx); err != nil {
		producer.Close()
		return nil, client.NameRight(err, "WRITE", "transactional-id "+id)
	}
	return producer, nil
}

// Close lets go of the desk.
func (d *Desk) Close() { d.producer.Close() }

// done is the record that says what was done. The caller fills in about what.
func (d *Desk) done(operation, key string, about records.Done) (*kgo.Record, error) {
	about.Operation, about.By, about.Why = operation, d.operator.By, d.operator.Why
	about.At = time.Now().UTC().Format(time.RFC3339)
	value, err := json.Marshal(about)
	if err != nil {
		return nil, err
	}
	return &kgo.Record{
		Topic: d.context.Operations().Name, Partition: records.Partition([]byte(key), d.context.Partitions), Key: []byte(key), Value: value,
		Headers: []kgo.RecordHeader{{Key: records.ContentType, Value: []byte("application/json")}},
	}, nil
}

// commit writes all of it or nothing.
func (d *Desk) commit(ctx context.Context, all []*kgo.Record) error {
	if err := d.producer.BeginTransaction(); err != nil {
		return err
	}
	for _, result := range d.producer.ProduceSync(ctx, all...) {
		if result.Err != nil {
			err := client.NameRight(result.Err, "WRITE", "topic "+result.Record.Topic)
			return errors.Join(fmt.Errorf("writing to %s: %w; nothing was done", result.Record.Topic, taken(err)), d.abort())
		}
	}
	if err := d.producer.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("committing: %w; whether it was done is not known: look again", taken(err))
	}
	return nil
}

func (d *Desk) abort() error {
	ctx, cancel := context.WithTimeout(context.Background(), abortTimeout)
	defer cancel()
	return d.producer.EndTransaction(ctx, kgo.TryAbort)
}

const abortTimeout = 5 * time.Second

// taken tells what it means that the desk was taken by another.
func taken(err error) error {
	if errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) {
		return fmt.Errorf("somebody else operates on this context at the same time: %w", err)
	}
	return err
}

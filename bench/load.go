package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/control"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

const shards = 8

// A load is what commands are like.
type load struct {
	// ids gives every command an id of its own; wide makes the state about 300 bytes.
	ids, wide bool
}

// prepare creates the topics of a job and writes its commands: Avro, one in eight asks for an answer.
func prepare(ctx context.Context, s settings, j job, l load) error {
	c, err := createTopics(ctx, s, j)
	if err != nil {
		return err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(s.brokers...), kgo.MaxBufferedRecords(100_000), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	customer := "customer-%d"
	if l.wide {
		customer += strings.Repeat("x", 230)
	}
	for i := range s.commands {
		r, err := addItem(c, i%s.entities, fmt.Sprintf(customer, i%s.entities))
		if err != nil {
			return err
		}
		if l.ids {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: records.Source, Value: []byte("bench")}, kgo.RecordHeader{Key: records.ID, Value: fmt.Append(nil, i)})
		}
		if i%8 == 0 {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: records.ReplyTopic, Value: []byte(j.Name + ".replies")})
		}
		cl.Produce(ctx, r, nil)
	}
	return cl.Flush(ctx)
}

// addItem is the command of the cart with this number.
func addItem(c *contexts.Context, cart int, customer string) (*kgo.Record, error) {
	m := c.Entity("cart").Command("AddItem")
	value, err := c.Codec.Encode(nil, m, []any{skuOf(cart), int64(2), int64(30), customer})
	return &kgo.Record{
		Topic: c.Name + ".cart.commands", Key: fmt.Appendf(nil, "cart-%d", cart), Value: value,
		Headers: []kgo.RecordHeader{{Key: records.Type, Value: []byte("AddItem")}},
	}, err
}

// skus are what carts hold, one each.
const skus = 100

func skuOf(cart int) string { return fmt.Sprintf("sku-%d", cart%skus) }

// loadNamed loads the measured folder under the name of a run, so that runs on one broker do not meet. When counting, each command counts
// the replicated counter of its item up, too.
func loadNamed(name string, counting bool) (*contexts.Context, error) {
	dir, err := os.MkdirTemp("", "partita-bench-context")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.CopyFS(dir, os.DirFS("bench/cart")); err != nil {
		return nil, err
	}
	if err := rewrite(filepath.Join(dir, "context.yaml"), "context: bench", "context: "+name); err != nil {
		return nil, err
	}
	if counting {
		if err := count(dir); err != nil {
			return nil, err
		}
	}
	c, problems := contexts.Load(dir, contexts.Options{})
	return c, problems.Err()
}

// count has the folder's commands count.
func count(dir string) error {
	declared := "replicated:\n"
	for i := range skus {
		declared += fmt.Sprintf("  %s: {type: counter}\n", skuOf(i))
	}
	return errors.Join(
		rewrite(filepath.Join(dir, "context.yaml"), "projections:\n", declared+"\nprojections:\n"),
		rewrite(filepath.Join(dir, "cart.star"), "return emit(", "return increment(cmd.sku, 1), emit("),
	)
}

// rewrite puts some text in the place of another in a file.
func rewrite(file, old, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, bytes.Replace(content, []byte(old), []byte(text), 1), 0o600)
}

func createTopics(ctx context.Context, s settings, j job) (*contexts.Context, error) {
	c, err := loadNamed(j.Name, j.Counting)
	if err != nil {
		return nil, err
	}
	cl, err := client.NewAdmin(client.Config{Brokers: s.brokers})
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	specs := c.Topics()
	for i := range c.Projections {
		second := control.Component(c.Projections[i].Name, 2)
		specs = append(specs, c.TopicContext().Rows(second), c.TopicContext().Repartition(second))
	}
	if err := admin.New(cl).Apply(ctx, topics.Diff(c.TopicContext(), specs, nil), func(topics.Difference) {}); err != nil {
		return nil, err
	}
	for _, extra := range []string{"-out1", "-out2"} {
		if _, err := kadm.NewClient(cl).CreateTopic(ctx, shards, 1, nil, c.Name+".cart.commands"+extra); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// pace calls f at a steady rate, whatever f takes: an open loop.
func pace(ctx context.Context, perSecond, n int, f func(i int) error) error {
	begin := time.Now()
	for i := range n {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		if wait := time.Until(due); wait > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(wait):
			}
		}
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

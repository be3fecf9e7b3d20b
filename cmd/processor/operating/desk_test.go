package operating

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/partitions"
)

// newShop has topics of its own on the embedded broker, or on real ones named by PARTITA_TEST_BROKERS.
func newShop(t *testing.T) (topics.Context, client.Config) {
	t.Helper()
	c := topics.Context{Name: "operating-" + time.Now().Format("150405.000000"), Partitions: 2}
	var cfg client.Config
	if brokers := os.Getenv("PARTITA_TEST_BROKERS"); brokers != "" {
		cfg.Brokers = strings.Split(brokers, ",")
	} else {
		b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, b.Close()) })
		cfg.Brokers = []string{b.Addr()}
	}
	cl, err := client.NewAdmin(cfg)
	require.NoError(t, err)
	defer cl.Close()
	needed := []topics.Spec{c.Commands("cart"), c.DeadLetters(), c.Operations(), c.Parked(), c.Control()}
	require.NoError(t, admin.New(cl).Apply(t.Context(), topics.Diff(c, needed, nil), nil))
	return c, cfg
}

// deadLetter is one of a command of c1.
func deadLetter(c topics.Context) *kgo.Record {
	r := partitions.Record{Record: &kgo.Record{Topic: c.Commands("cart").Name, Offset: 42, Key: []byte("c1"), Value: []byte("{}")}}
	return partitions.DeadLetter(&r, partitions.Death{
		Topic: c.DeadLetters().Name, Reason: "behavior", Message: "a bug", Component: "cart", MaxBytes: 1 << 20,
	})
}

func write(t *testing.T, cfg client.Config, r *kgo.Record) {
	t.Helper()
	producer, err := client.NewPlainProducer(cfg)
	require.NoError(t, err)
	defer producer.Close()
	require.NoError(t, producer.ProduceSync(t.Context(), r).FirstErr())
}

func committed(t *testing.T, cfg client.Config, topic string) []*kgo.Record {
	t.Helper()
	var all []*kgo.Record
	require.NoError(t, following.Follow(t.Context(), following.Options{Client: cfg, Topic: topic, UntilEnd: true}, func(r *kgo.Record) error {
		all = append(all, r)
		return nil
	}))
	return all
}

func onlyLetter(t *testing.T, cfg client.Config, c topics.Context) Letter {
	t.Helper()
	var found []Letter
	require.NoError(t, Letters(t.Context(), cfg, c, func(l Letter) error { found = append(found, l); return nil }))
	require.Len(t, found, 1)
	return found[0]
}

// Two operators see the same dead letter. The second takes the desk before the first has written: only what the second does is done.
func TestSecondOperatorEndsWhatTheFirstDoes(t *testing.T) {
	c, cfg := newShop(t)
	write(t, cfg, deadLetter(c))
	nothing := func(Letter) error { return nil }

	first, err := Open(t.Context(), cfg, c, Operator{By: "ann"})
	require.NoError(t, err)
	defer first.Close()
	batch := first.Batch(nothing)
	require.NoError(t, batch.Redrive(t.Context(), onlyLetter(t, cfg, c)))

	second, err := Open(t.Context(), cfg, c, Operator{By: "bob", Why: "of a test"})
	require.NoError(t, err)
	defer second.Close()
	dropping := second.Batch(nothing)
	require.NoError(t, dropping.Drop(t.Context(), onlyLetter(t, cfg, c)))
	require.NoError(t, dropping.Commit(t.Context()))

	require.ErrorContains(t, batch.Commit(t.Context()), "somebody else operates on this context at the same time")
	require.Empty(t, committed(t, cfg, c.Commands("cart").Name))
	require.Len(t, committed(t, cfg, c.Operations().Name), 1)
	l := onlyLetter(t, cfg, c)
	require.Equal(t, []string{"drop", "bob", "of a test", l.Place()}, []string{l.Done.Operation, l.Done.By, l.Done.Why, l.Done.Place})
	require.ErrorContains(t, dropping.Drop(t.Context(), l), "drop was done about it already, by bob")
}

// The command and the record of who sent it again are there together; sent twice, it has one id.
func TestCommandIsSentAgainWithItsOperator(t *testing.T) {
	c, cfg := newShop(t)
	write(t, cfg, deadLetter(c))
	desk, err := Open(t.Context(), cfg, c, Operator{By: "ann", Why: "mended"})
	require.NoError(t, err)
	defer desk.Close()
	var done []string
	batch := desk.Batch(func(l Letter) error { done = append(done, l.Place()); return nil })
	l := onlyLetter(t, cfg, c)
	require.NoError(t, batch.Redrive(t.Context(), l))
	require.Empty(t, done, "nothing is told before it is committed")
	require.NoError(t, batch.Commit(t.Context()))
	require.Equal(t, []string{l.Place()}, done)

	again := committed(t, cfg, c.Commands("cart").Name)
	require.Len(t, again, 1)
	require.Equal(t, []string{"c1", "{}"}, []string{string(again[0].Key), string(again[0].Value)})
	require.Equal(t, records.Partition([]byte("c1"), 2), again[0].Partition)
	require.Equal(t, []kgo.RecordHeader{{Key: records.ID, Value: []byte(c.Commands("cart").Name + "/0/42")}}, again[0].Headers)
	var not *NotDoneError
	require.ErrorAs(t, batch.Redrive(t.Context(), onlyLetter(t, cfg, c)), &not)
}

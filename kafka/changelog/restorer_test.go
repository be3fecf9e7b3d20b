package changelog

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// A log is one partition on the embedded broker, or on real ones named by PARTITA_TEST_BROKERS.
type log struct {
	t        *testing.T
	at       records.TopicPartition
	config   client.Config
	admin    *kadm.Client
	producer *kgo.Client
	restorer *Restorer
	// broker is the embedded one; nil with real ones.
	broker *kfake.Cluster
}

var logs atomic.Int64

func newLog(t *testing.T, config map[string]*string) *log {
	t.Helper()
	l := &log{t: t}
	l.at.Topic = fmt.Sprintf("log%d-%d", time.Now().UnixNano()%1e9, logs.Add(1))
	if b := os.Getenv("PARTITA_TEST_BROKERS"); b != "" {
		l.config.Brokers = strings.Split(b, ",")
	} else {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DataDir(t.TempDir()))
		require.NoError(t, err)
		t.Cleanup(c.Close)
		l.config.Brokers, l.broker = c.ListenAddrs(), c
	}
	cl, err := client.NewAdmin(l.config)
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	l.admin = kadm.NewClient(cl)
	_, err = l.admin.CreateTopic(t.Context(), 1, 1, config, l.at.Topic)
	require.NoError(t, err)
	l.producer, err = client.NewProducer(l.config, l.at.Topic)
	require.NoError(t, err)
	t.Cleanup(l.producer.Close)
	l.restorer = NewRestorer(l.config)
	t.Cleanup(l.restorer.Close)
	return l
}

// begin opens a transaction with values under one key each.
func (l *log) begin(values ...string) {
	require.NoError(l.t, l.producer.BeginTransaction())
	for _, v := range values {
		l.producer.Produce(l.t.Context(), &kgo.Record{Topic: l.at.Topic, Key: []byte(v[:1]), Value: []byte(v)}, nil)
	}
	require.NoError(l.t, l.producer.Flush(l.t.Context()))
}

func (l *log) end(commit kgo.TransactionEndTry) {
	require.NoError(l.t, l.producer.EndTransaction(l.t.Context(), commit))
}

// restore returns the values read and the position reached.
func (l *log) restore(from records.Position, stuck func(context.Context, Standstill) error) ([]string, records.Position, error) {
	var values []string
	var at records.Position
	ctx, cancel := context.WithTimeout(l.t.Context(), 30*time.Second)
	defer cancel()
	err := l.restorer.Restore(ctx, Request{
		TopicPartition: l.at, From: from, Stuck: stuck,
		Apply: func(batch []*kgo.Record, next records.Position) error {
			for _, r := range batch {
				values = append(values, string(r.Value))
			}
			at = next
			return nil
		},
	})
	return values, at, err
}

func TestEndIsPassedThoughItIsAMarker(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1", "b1")
	l.end(kgo.TryCommit)
	values, at, err := l.restore(FromStart, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a1", "b1"}, values)
	require.EqualValues(t, 3, at, "two records and a marker")
}

func TestReadingStopsWhereItIsToldTo(t *testing.T) {
	l := newLog(t, nil)
	for i := range 3 {
		l.begin(fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i))
		l.end(kgo.TryCommit)
	}
	for to, want := range map[records.Position][]string{
		1: {"a0"}, 2: {"a0", "b0"}, 3: {"a0", "b0"}, 4: {"a0", "b0", "a1"}, 8: {"a0", "b0", "a1", "b1", "a2", "b2"}, 99: {"a0", "b0", "a1", "b1", "a2", "b2"},
	} {
		var values []string
		var at records.Position
		err := l.restorer.Restore(t.Context(), Request{TopicPartition: l.at, From: FromStart, To: to, Apply: func(batch []*kgo.Record, next records.Position) error {
			for _, r := range batch {
				values = append(values, string(r.Value))
			}
			at = next
			return nil
		}})
		require.NoError(t, err)
		require.Equal(t, want, values, "to %d", to)
		require.Equal(t, min(to, 9), at)
	}
}

func TestAbortedTailIsPassedAndNotSeen(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1")
	l.end(kgo.TryCommit)
	l.begin("a2", "a3")
	l.end(kgo.TryAbort)
	values, at, err := l.restore(FromStart, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a1"}, values)
	require.EqualValues(t, 5, at)
}

func TestEmptyLogIsRead(t *testing.T) {
	l := newLog(t, nil)
	values, at, err := l.restore(FromStart, nil)
	require.NoError(t, err)
	require.Empty(t, values)
	require.Zero(t, at)
}

// The stable end is before the open transaction; stopping there would declare a store whole that is not (KAFKA-10167).
func TestOpenTransactionIsWaitedFor(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1")
	l.end(kgo.TryCommit)
	l.begin("a2")
	stuck := 0
	values, _, err := l.restore(FromStart, func(context.Context, Standstill) error {
		if stuck++; stuck == 2 {
			l.end(kgo.TryCommit)
		}
		return nil
	})
	require.NoError(t, err)
	require.GreaterOrEqual(t, stuck, 2)
	require.Equal(t, []string{"a1", "a2"}, values)
}

func TestPositionThatTheLogDoesNotHaveIsTold(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1", "a2", "a3")
	l.end(kgo.TryCommit)
	_, _, err := l.restore(99, nil)
	var gone *OutOfRange
	require.ErrorAs(t, err, &gone)
	require.Equal(t, l.at, gone.TopicPartition)
	require.EqualValues(t, 99, gone.Asked)
	require.Zero(t, gone.Start)
	require.GreaterOrEqual(t, gone.End, records.Position(3), "a broker answers the commit before the marker is written")

	offsets := make(kadm.Offsets)
	offsets.AddOffset(l.at.Topic, 0, 2, -1)
	_, err = l.admin.DeleteRecords(t.Context(), offsets)
	require.NoError(t, err)
	_, _, err = l.restore(1, nil)
	require.ErrorAs(t, err, &gone)
	values, _, err := l.restore(FromStart, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a3"}, values)
}

// What retention or compaction takes while it is read is told as it is now, not as it was asked for.
func TestLogStartThatPassesTheReaderIsTold(t *testing.T) {
	l := newLog(t, nil)
	for range 5 {
		l.begin("a1", "a2", "a3")
		l.end(kgo.TryCommit)
	}
	_, end, err := l.restore(FromStart, nil)
	require.NoError(t, err)
	cl, err := client.NewConsumer(l.config)
	require.NoError(t, err)
	defer cl.Close()
	offsets := make(kadm.Offsets)
	offsets.AddOffset(l.at.Topic, 0, 9, -1)
	_, err = l.admin.DeleteRecords(t.Context(), offsets)
	require.NoError(t, err)

	g := &reading{Request: Request{TopicPartition: l.at}, cl: cl, start: 2, at: 2, end: end}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{l.at.Topic: {0: kgo.NewOffset().At(2)}})
	for range 20 {
		if err = g.step(t.Context()); err != nil {
			break
		}
	}
	var gone *OutOfRange
	require.ErrorAs(t, err, &gone)
	require.Equal(t, OutOfRange{TopicPartition: l.at, Asked: 2, Start: 9, End: end}, *gone)
}

func TestTopicDeletedMeanwhileEndsTheRead(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1")
	stuck := 0
	_, _, err := l.restore(FromStart, func(ctx context.Context, _ Standstill) error {
		if stuck++; stuck > 1 {
			return nil
		}
		_, err := l.admin.DeleteTopic(ctx, l.at.Topic)
		return err
	})
	require.Error(t, err)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, stuck, 20, "it is not asked again and again without a pause")
}

func TestCancelledReadEnds(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1")
	ctx, cancel := context.WithCancel(t.Context())
	err := l.restorer.Restore(ctx, Request{
		TopicPartition: l.at, From: FromStart,
		Apply: func([]*kgo.Record, records.Position) error { return nil },
		Stuck: func(context.Context, Standstill) error { cancel(); return nil },
	})
	require.ErrorIs(t, err, context.Canceled)
	l.end(kgo.TryAbort)
}

// Many partitions wait for few clients, and each is read whole.
func TestManyReadsShareFewClients(t *testing.T) {
	l := newLog(t, nil)
	for i := range 5 {
		l.begin(fmt.Sprintf("a%d", i))
		l.end(kgo.TryCommit)
	}
	done := make(chan error)
	for range 4 * parallelReads {
		go func() {
			values, _, err := l.restore(FromStart, nil)
			if err == nil && len(values) != 5 {
				err = fmt.Errorf("read %v", values)
			}
			done <- err
		}()
	}
	for range 4 * parallelReads {
		require.NoError(t, <-done)
	}
}

func TestEpochThatIsKnownHasAnEnd(t *testing.T) {
	l := newLog(t, nil)
	l.begin("a1")
	l.end(kgo.TryCommit)
	cl, err := client.NewAdmin(l.config)
	require.NoError(t, err)
	defer cl.Close()
	_, _, err = l.restore(FromStart, nil)
	require.NoError(t, err)
	end, err := EpochEnd(t.Context(), cl, l.at, 0)
	require.NoError(t, err)
	require.EqualValues(t, 2, end)
}

func FuzzPastEmpty(f *testing.F) {
	f.Add(make([]byte, batchHeaderLength))
	// An empty batch from beyond the end, then one with a record.
	f.Add([]byte("00000000\x00\x00\x001000000000000000000000000000000000000000000000\xab00000000000\x00\x00\x0010000000000000010000000000000000000000000000000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		at := pastEmpty(b, 5, 10)
		require.True(t, at >= 5 && at <= 10)
	})
}

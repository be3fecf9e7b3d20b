package follow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/follow"
)

const topic = "prices"

// A world is brokers in virtual time, and what a follower of the topic has told.
type world struct {
	t        *testing.T
	admin    *kadm.Client
	producer *kgo.Client
	config   client.Config
	dial     func(ctx context.Context, network, host string) (net.Conn, error)
	// isCut: followers reach no broker.
	isCut atomic.Bool

	mu      sync.Mutex
	conns   []net.Conn
	begun   int
	level   int
	values  []string
	waiting error
}

func inBubble(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := new(kfake.VirtualNetwork)
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.ListenFn(network.Listen), kfake.Ports(9092))
		require.NoError(t, err)
		defer cluster.Close()
		cfg := client.Config{Brokers: cluster.ListenAddrs(), Dial: network.DialContext}
		asker, err := client.NewAdmin(cfg)
		require.NoError(t, err)
		defer asker.Close()
		w := &world{t: t, admin: kadm.NewClient(asker), config: cfg, dial: cfg.Dial}
		w.newProducer()
		defer func() { w.producer.Close() }()
		w.config.Dial = func(ctx context.Context, kind, host string) (net.Conn, error) {
			if w.isCut.Load() {
				return nil, errors.New("the link is cut")
			}
			conn, err := network.DialContext(ctx, kind, host)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.conns = append(w.conns, conn)
			return conn, err
		}
		f(w)
	})
}

// cut cuts followers off from the brokers, until isCut is false again.
func (w *world) cut() {
	w.isCut.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range w.conns {
		_ = conn.Close()
	}
	w.conns = nil
}

func (w *world) createTopic(partitions int32) {
	_, err := w.admin.CreateTopic(w.t.Context(), partitions, 1, nil, topic)
	require.NoError(w.t, err)
}

// newProducer makes one that knows nothing of the topic.
func (w *world) newProducer() {
	if w.producer != nil {
		w.producer.Close()
	}
	cfg := w.config
	cfg.Dial = w.dial
	var err error
	w.producer, err = client.NewProducer(cfg, "writer")
	require.NoError(w.t, err)
}

func (w *world) deleteTopic() {
	_, err := w.admin.DeleteTopic(w.t.Context(), topic)
	require.NoError(w.t, err)
}

// write produces values to a partition, in a transaction that is ended as told, or left open.
func (w *world) write(partition int32, end *kgo.TransactionEndTry, values ...string) {
	w.t.Helper()
	require.NoError(w.t, w.producer.BeginTransaction())
	for _, v := range values {
		r := &kgo.Record{Topic: topic, Partition: partition, Key: []byte(v), Value: []byte(v)}
		require.NoError(w.t, w.producer.ProduceSync(w.t.Context(), r).FirstErr())
	}
	if end != nil {
		w.end(*end)
	}
}

func (w *world) end(how kgo.TransactionEndTry) {
	require.NoError(w.t, w.producer.EndTransaction(w.t.Context(), how))
}

var committed, aborted = kgo.TryCommit, kgo.TryAbort

// follow follows the topic until the test of the bubble has ended.
func (w *world) follow(newestOnly bool) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error)
	locked := func(f func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		f()
	}
	go func() {
		done <- follow.Run(ctx, w.config, follow.Request{
			Topic: topic, NewestOnly: newestOnly,
			Begun: func() { locked(func() { w.begun, w.values = w.begun+1, nil }) },
			Apply: func(batch []*kgo.Record) {
				locked(func() {
					for _, r := range batch {
						w.values = append(w.values, string(r.Value))
					}
				})
			},
			Level:   func() { locked(func() { w.level++ }) },
			Waiting: func(err error) { locked(func() { w.waiting = err }) },
		})
	}()
	return func() {
		cancel()
		require.NoError(w.t, <-done)
	}
}

// after lets time pass and requires what the follower has told up to then.
func (w *world) after(d time.Duration, begun, level int, values ...string) {
	w.t.Helper()
	<-time.After(d)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Equal(w.t, fmt.Sprint(begun, level, values), fmt.Sprint(w.begun, w.level, w.values))
}

func (w *world) waits(about string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if about == "" {
		require.NoError(w.t, w.waiting)
		return
	}
	require.ErrorContains(w.t, w.waiting, about)
}

func TestWhatIsThereIsAppliedAndWhatComes(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(2)
		w.write(0, &committed, "a", "b")
		w.write(1, &committed, "c")
		w.write(1, &aborted, "never")
		defer w.follow(false)()
		w.after(time.Second, 1, 1, "a", "b", "c")
		w.write(0, &committed, "d")
		w.write(1, &aborted, "never")
		w.write(1, &committed, "e")
		w.after(time.Second, 1, 1, "a", "b", "c", "d", "e")
	})
}

func TestNewestOnlyBeginsAtTheEnd(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(2)
		w.write(0, &committed, "a")
		defer w.follow(true)()
		w.after(time.Second, 1, 1)
		w.write(0, &committed, "b")
		w.after(time.Second, 1, 1, "b")
	})
}

func TestItIsLevelOnceAnOpenTransactionHasEnded(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		w.write(0, &committed, "a")
		w.write(0, nil, "b")
		defer w.follow(false)()
		w.after(8*time.Second, 1, 0, "a")
		w.waits("a transaction there is open")
		w.end(kgo.TryCommit)
		w.after(time.Second, 1, 1, "a", "b")
		w.waits("")
	})
}

func TestMissingTopicIsWaitedFor(t *testing.T) {
	inBubble(t, func(w *world) {
		defer w.follow(false)()
		w.after(10*time.Second, 0, 0)
		w.waits("topic prices is missing: create it")
		w.createTopic(1)
		w.write(0, &committed, "a")
		w.after(3*time.Second, 1, 1, "a")
		w.waits("")
	})
}

func TestTopicThatIsMadeAgainIsReadFromItsStart(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		w.write(0, &committed, "a")
		defer w.follow(false)()
		w.after(time.Second, 1, 1, "a")
		w.deleteTopic()
		w.createTopic(2)
		w.newProducer()
		w.write(1, &committed, "b")
		w.after(15*time.Second, 2, 2, "b")
		w.waits("")
	})
}

func TestPartitionsThatAreAddedAreRead(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		defer w.follow(true)()
		w.after(time.Second, 1, 1)
		_, err := w.admin.CreatePartitions(w.t.Context(), 2, topic)
		require.NoError(w.t, err)
		w.write(2, &committed, "a")
		w.after(15*time.Second, 1, 1, "a")
	})
}

func TestRecordsThatWereTakenAwayUnreadAreABeginning(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		w.write(0, &committed, "a")
		defer w.follow(false)()
		w.after(time.Second, 1, 1, "a")
		w.cut()
		w.write(0, &committed, "b")
		w.write(0, &committed, "c")
		_, err := w.admin.DeleteRecords(w.t.Context(), kadm.Offsets{topic: {0: {Topic: topic, Partition: 0, At: 4}}})
		require.NoError(w.t, err)
		w.isCut.Store(false)
		w.after(15*time.Second, 2, 2, "c")
	})
}

func TestBrokersThatAreAwayAreWaitedFor(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		w.write(0, &committed, "a")
		w.cut()
		defer w.follow(false)()
		w.after(time.Minute, 0, 0)
		w.waits("the link is cut")
		w.isCut.Store(false)
		w.after(10*time.Second, 1, 1, "a")
		w.waits("")
	})
}

// A bungler says that it compresses, and does not.
type bungler struct{}

func (bungler) Compress(*bytes.Buffer, []byte, ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	return []byte("this is no gzip"), kgo.CodecGzip
}

// writeGarbage writes a batch that nobody can unpack. A real broker would refuse it: it comes of a disk that breaks.
func (w *world) writeGarbage(partition int32) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(w.config.Brokers...), kgo.Dialer(w.dial), kgo.WithCompressor(bungler{}), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(w.t, err)
	defer cl.Close()
	require.NoError(w.t, cl.ProduceSync(w.t.Context(), &kgo.Record{Topic: topic, Partition: partition, Value: make([]byte, 1000)}).FirstErr())
}

// It is said for as long as it is so, while other partitions are read; what is behind it is read when it has been deleted.
func TestBatchThatCannotBeUnpackedIsTold(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(2)
		w.write(0, &committed, "a")
		defer w.follow(false)()
		w.after(time.Second, 1, 1, "a")
		w.writeGarbage(0)
		for range 3 {
			w.after(20*time.Second, 1, 1, "a")
			w.waits("prices/0 cannot be read on from position 2: ")
		}
		w.write(1, &committed, "b")
		w.write(0, &committed, "c")
		w.after(20*time.Second, 1, 1, "a", "b")
		w.waits("prices/0 cannot be read on from position 2: ")
		_, err := w.admin.DeleteRecords(w.t.Context(), kadm.Offsets{topic: {0: {Topic: topic, Partition: 0, At: 3}}})
		require.NoError(w.t, err)
		w.after(20*time.Second, 2, 2, "c", "b")
		w.waits("")
	})
}

// Garbage that was there before is waited for, too: who is not level says why.
func TestBatchThatCannotBeUnpackedKeepsItsReaderFromBeingLevel(t *testing.T) {
	inBubble(t, func(w *world) {
		w.createTopic(1)
		w.write(0, &committed, "a")
		w.writeGarbage(0)
		defer w.follow(false)()
		w.after(time.Minute, 1, 0, "a")
		w.waits("reading prices/0: ")
	})
}

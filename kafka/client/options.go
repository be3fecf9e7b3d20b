package client

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// Config says how brokers are reached; every client of a process shares it.
type Config struct {
	// Brokers are host:port of some brokers of the cluster.
	Brokers []string
	// ID is the client id; members of a context's group carry "partita/<instance>/<address>", see MemberID.
	ID string
	// TLS and SASL may be nil.
	TLS  *tls.Config
	SASL sasl.Mechanism
	// Dial replaces the TCP dialler; nil outside tests.
	Dial func(ctx context.Context, network, host string) (net.Conn, error)
	// Hooks and Logger observe the clients; both may be nil.
	Hooks  []kgo.Hook
	Logger kgo.Logger
	// Until ends what clients have under way with brokers that do not answer, also their taking leave when they are closed; nil for never.
	Until context.Context
}

// Timings of the group and of transactions. They bound each other: an owner that hangs is out of the group after sessionTimeout, its
// transaction ends after transactionTimeout, and a revocation must be finished within RebalanceTimeout.
const (
	// sessionTimeout: shorter ones evict members that are merely slow; 6 s is the least a broker allows by default.
	sessionTimeout = 6 * time.Second
	// heartbeatInterval bounds how fast shards move, since members learn of a rebalance by it: 3 s, the default, would be most of a hand-over.
	heartbeatInterval = 300 * time.Millisecond
	// RebalanceTimeout: a member that dies while joining stalls the group for this long; the default is 60 s.
	RebalanceTimeout = 10 * time.Second
	// transactionTimeout: an open transaction holds every reader of its partitions back; nothing of ours needs longer.
	transactionTimeout = 10 * time.Second
	// metadataMinAge: at the default of 5 s a moved leader costs 15 s, three answers of NOT_LEADER.
	metadataMinAge = 100 * time.Millisecond
	// retryBackoffMax: kgo resets its count of errors only at a rebalance, so without a cap each broker restart makes the next wait longer.
	retryBackoffMax = 500 * time.Millisecond
	// recordRetries, each after a backoff.
	recordRetries = 12
	// producerLinger: what is decided ahead gathers so long, or to a full batch, while the window before it is committed.
	producerLinger = 5 * time.Millisecond
	// concurrentTransactionsBackoff: how long to wait when the last transaction's markers are still being written; they take milliseconds.
	concurrentTransactionsBackoff = 5 * time.Millisecond
	// dialTimeout: the default of 10 s makes a dead seed broker hold up a start for as long.
	dialTimeout = 3 * time.Second
)

func (c Config) options(extra ...kgo.Opt) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ID),
		kgo.MetadataMinAge(metadataMinAge),
		kgo.MetadataMaxAge(time.Minute),
		kgo.RetryBackoffFn(backoff),
		kgo.ConcurrentTransactionsBackoff(concurrentTransactionsBackoff),
		kgo.DialTimeout(dialTimeout),
		// The broker would ask for metrics of the client; what there is to know is in our own metrics.
		kgo.DisableClientMetrics(),
	}
	if c.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(c.TLS))
	}
	if c.Dial != nil {
		opts = append(opts, kgo.Dialer(c.Dial))
	}
	if c.SASL != nil {
		opts = append(opts, kgo.SASL(c.SASL))
	}
	if len(c.Hooks) > 0 {
		opts = append(opts, kgo.WithHooks(c.Hooks...))
	}
	if c.Until != nil {
		opts = append(opts, kgo.WithContext(c.Until))
	}
	if c.Logger != nil {
		opts = append(opts, kgo.WithLogger(c.Logger))
	}
	return append(opts, extra...)
}

// backoff grows from 20 ms to retryBackoffMax.
func backoff(tries int) time.Duration {
	if tries > 5 {
		return retryBackoffMax
	}
	return min(10*time.Millisecond<<tries, retryBackoffMax)
}

// NewAdmin is for questions and changes: metadata, topics, groups, offsets. What it writes are schemas.
func NewAdmin(c Config) (*kgo.Client, error) {
	return kgo.NewClient(c.options(
		// Every reader of every topic needs the schemas, and some clients cannot read Snappy, the default: kafkajs ends on it.
		kgo.ProducerBatchCompression(kgo.NoCompression()),
	)...)
}

// NewConsumer reads partitions that are added to it, from positions that are given, committed records only. It never resets a position by
// itself: a position out of range comes back as an error, for the caller to judge. extra wins over what is set here.
func NewConsumer(c Config, extra ...kgo.Opt) (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Markers are delivered too, so that a position can pass the end of a log whose last record is one.
		kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		// Bounds what one broker can have waiting in this client, compressed: it takes several times as much when it is unpacked.
		kgo.FetchMaxBytes(4 << 20),
		kgo.FetchMaxPartitionBytes(512 << 10),
		kgo.FetchMaxWait(500 * time.Millisecond),
	}
	cl, err := kgo.NewClient(c.options(append(opts, extra...)...)...)
	if err != nil {
		return nil, err
	}
	go remind(cl)
	return cl, nil
}

// Membership is what a member tells the group, and the group's callbacks: they must return soon, and block the rebalance until they do.
type Membership struct {
	Offer                   Offer
	Assigned, Revoked, Lost func(ctx context.Context, cl *kgo.Client, partitions map[string][]int32)
}

// NewMember joins group with topic as its one subscription. The member carries no data: its partitions stay paused, so that membership and
// data never wait for each other.
func NewMember(c Config, group, topic string, m Membership) (*kgo.Client, error) {
	balancer, err := offerBalancer(m.Offer)
	if err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(c.options(
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topic),
		kgo.Balancers(balancer),
		kgo.SessionTimeout(sessionTimeout),
		kgo.HeartbeatInterval(heartbeatInterval),
		kgo.RebalanceTimeout(RebalanceTimeout),
		// Positions live in the progress topic. A plain commit beside transactional ones could put a position back (KAFKA semantics, docs/kafka-facts.md).
		kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()),
		kgo.OnPartitionsAssigned(m.Assigned),
		kgo.OnPartitionsRevoked(m.Revoked),
		kgo.OnPartitionsLost(m.Lost),
	)...)
	if err != nil {
		return nil, err
	}
	cl.PauseFetchTopics(topic)
	return cl, nil
}

// NewProducer writes in transactions of the given id, to partitions that each record names.
func NewProducer(c Config, transactionalID string) (*kgo.Client, error) {
	return kgo.NewClient(c.options(
		kgo.TransactionalID(transactionalID),
		kgo.TransactionTimeout(transactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		// Flush ends the linger, so a window waits for nobody. Without it the first record of a window, and each that trickles in, would be a
		// request of its own: at 1,000 commands/s 2.5 requests for each transaction instead of 1.
		kgo.ProducerLinger(producerLinger),
		kgo.ProducerBatchCompression(kgo.Lz4Compression(), kgo.NoCompression()),
		// Produce would block at the default of 10,000; the window bounds what is buffered.
		kgo.MaxBufferedRecords(1<<20),
		// A partition that refuses for so long, some 4 s, is told of, and its window decided again: without a bound the client would try on in silence,
		// and the transaction would time out under it.
		kgo.RecordRetries(recordRetries),
		// A topic that is gone is an answer to give, not a reason to wait: 4 tries at metadataMinAge.
		kgo.UnknownTopicRetries(4),
	)...)
}

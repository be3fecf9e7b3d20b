package partitions

import (
	"context"
	"encoding/binary"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

// ownBrokers are brokers of a test's own: one node, with its data in files.
type ownBrokers interface {
	// start starts the node, again with what it holds and under the same address, but as a leader of another epoch.
	start(t *testing.T) []string
	stop(t *testing.T)
	// dir is where the files are.
	dir() string
}

// An embeddedBroker is kfake.
type embeddedBroker struct {
	data    string
	port    int
	cluster *kfake.Cluster
}

func (b *embeddedBroker) dir() string { return b.data }

func (b *embeddedBroker) start(t *testing.T) []string {
	t.Helper()
	opts := []kfake.Opt{kfake.NumBrokers(1), kfake.DataDir(b.data)}
	if b.port != 0 {
		opts = append(opts, kfake.Ports(b.port))
	}
	var err error
	b.cluster, err = kfake.NewCluster(opts...)
	require.NoError(t, err)
	t.Cleanup(b.cluster.Close)
	addresses := b.cluster.ListenAddrs()
	if b.port == 0 {
		_, port, err := net.SplitHostPort(addresses[0])
		require.NoError(t, err)
		b.port, err = strconv.Atoi(port)
		require.NoError(t, err)
	} else {
		b.cluster.ShufflePartitionLeaders()
	}
	return addresses
}

func (b *embeddedBroker) stop(*testing.T) { b.cluster.Close() }

// An apacheKafka is run by the program that PARTITA_TEST_KAFKA names; e2e/kafka_test.go says how it is called.
type apacheKafka struct{ program, data, port string }

func (k *apacheKafka) dir() string { return k.data }

func (k *apacheKafka) start(t *testing.T) []string {
	t.Helper()
	k.call(t, "start", "--port", k.port)
	return []string{net.JoinHostPort("127.0.0.1", k.port)}
}

func (k *apacheKafka) stop(t *testing.T) {
	t.Helper()
	k.call(t, "stop")
}

func (k *apacheKafka) call(t *testing.T, command string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(context.WithoutCancel(t.Context()), k.program, append([]string{command, "--dir", k.data}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// newApacheKafka skips the test if there is no program to run one.
func newApacheKafka(t *testing.T) *apacheKafka {
	t.Helper()
	program := os.Getenv("PARTITA_TEST_KAFKA")
	if program == "" {
		t.Skip("needs PARTITA_TEST_KAFKA, a program that starts and stops an Apache Kafka")
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	k := &apacheKafka{program: program, data: t.TempDir(), port: port}
	t.Cleanup(func() { k.stop(t) })
	return k
}

// cutBack takes the end of a partition's log away: what was written from the first batch on that holds the position is gone, as on a replica that
// never had it. The node must not run. It returns where the log ends now.
func cutBack(t *testing.T, own ownBrokers, topic string, partition int, position int64) int64 {
	t.Helper()
	end := int64(-1)
	require.NoError(t, filepath.WalkDir(own.dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, topic) || filepath.Base(filepath.Dir(path)) != topic+"-"+strconv.Itoa(partition) {
			return err
		}
		switch filepath.Ext(path) {
		case ".dat", ".log":
			log, err := os.ReadFile(path)
			require.NoError(t, err)
			var size int
			size, end = before(log, position)
			require.NoError(t, os.Truncate(path, int64(size)))
		case ".index", ".timeindex", ".snapshot":
			// Apache Kafka makes them again from the log.
			require.NoError(t, os.Remove(path))
		}
		return nil
	}))
	require.Positive(t, end, "no log of %s/%d was found", topic, partition)
	return end
}

// before returns how many bytes of a log are batches that end at or before the position, and where these end.
func before(log []byte, position int64) (size int, end int64) {
	const batchHead, lastDeltaAt = 12, 23
	for size+lastDeltaAt+4 <= len(log) {
		b := log[size:]
		next := int64(binary.BigEndian.Uint64(b)) + int64(binary.BigEndian.Uint32(b[lastDeltaAt:])) + 1
		if next > position {
			break
		}
		size, end = size+batchHead+int(binary.BigEndian.Uint32(b[8:])), next
	}
	return size, end
}

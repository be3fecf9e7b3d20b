package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// DefaultPort is where Kafka clients look first.
const DefaultPort = 9092

// Options say where a broker keeps its data and listens.
type Options struct {
	// Dir is created if it does not exist. One process at a time may use it.
	Dir string
	// Port is used if it is free, any other if not. 0 asks for any.
	Port int
	// Logger is told of damage to the data; nil for nobody.
	Logger *slog.Logger
}

// A Broker runs until it is closed.
type Broker struct {
	cluster *kfake.Cluster
	dir     string
	lock    *os.File
	addr    string
}

// Start opens the data under o.Dir, mends what a kill left behind, compacts, and only then lets clients in.
func Start(ctx context.Context, o Options) (*Broker, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	b, err := start(ctx, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded broker under %s: %w", o.Dir, err), lock.Close())
	}
	b.lock = lock
	return b, nil
}

func start(ctx context.Context, o Options) (*Broker, error) {
	if err := repair(o.Dir); err != nil {
		return nil, fmt.Errorf("mending what the last run left behind: %w", err)
	}
	listener, err := listen(ctx, o.Port)
	if err != nil {
		return nil, err
	}
	gate := newGate(listener)
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.DataDir(filepath.Join(o.Dir, "log")),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return gate, nil }),
		kfake.WithLogger(logger{o.Logger}),
		kfake.MaxVersions(offered()),
		kfake.BrokerConfigs(map[string]string{
			// kfake compacts beyond the last stable offset: records of an open transaction displace committed ones, and if it is aborted
			// both are gone. So it never compacts while clients are there.
			"log.cleaner.backoff.ms": "2147483647",
			// A forgotten transactional id would come back with the same producer id and epochs from 0: names of transactions would repeat,
			// and repair goes by them. This is the most it takes, 24 days of doing nothing; the default is a week.
			"transactional.id.expiration.ms": "2147483647",
		}),
	)
	if err != nil {
		return nil, errors.Join(err, gate.Close())
	}
	keepLastRecords(cluster)
	// No client is in and repair ended every transaction: the one moment to compact.
	cluster.Compact()
	gate.open()
	return &Broker{cluster: cluster, dir: o.Dir, addr: listener.Addr().String()}, nil
}

// Addr is host:port for clients.
func (b *Broker) Addr() string { return b.addr }

// Close saves what is in memory and lets go of the data.
func (b *Broker) Close() error {
	b.cluster.Close()
	err := os.WriteFile(filepath.Join(b.dir, cleanMark), nil, 0o644)
	return errors.Join(err, b.lock.Close())
}

// listen binds the port, or a free one if it is taken.
func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		listener, err = config.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	return listener, nil
}

func lockDir(dir string) (*os.File, error) {
	lock, err := tryLock(filepath.Join(dir, "broker.lock"), exclusive)
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("embedded broker: %s is used by another process: stop that, or choose another state directory", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	return lock, nil
}

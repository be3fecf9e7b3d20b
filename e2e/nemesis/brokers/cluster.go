package brokers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// Config says which brokers.
type Config struct {
	Jars *Jars
	// Dir is for what nodes hold, LogDir for what they say.
	Dir, LogDir string
	// Nodes is 1 or 3.
	Nodes int
	// Processors each have a listener of their own on every node, see Listening.
	Processors int
	// Port is the first of 300.
	Port int
	// Heap of each node, as -Xmx has it.
	Heap string
	// TransactionVersion is the feature transaction.version; negative for the version's own.
	TransactionVersion int
}

// Cluster is the brokers of one run. Nodes are counted from 0 here; Kafka's id of a node is one more.
type Cluster struct {
	cfg   Config
	nodes []*node
	cl    *kgo.Client
	adm   *kadm.Client
}

// New formats the nodes.
func New(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg}
	if cfg.TransactionVersion >= 0 && cfg.old() {
		return nil, fmt.Errorf("-kafka %s has no feature transaction.version: leave it out, or take 4.0 or newer", cfg.Jars.Version)
	}
	if err := os.MkdirAll(cfg.LogDir, 0o755); err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // It never fails.
	clusterID := base64.RawURLEncoding.EncodeToString(id)
	formats, inner := errgroup.WithContext(ctx)
	for i := range cfg.Nodes {
		n := newNode(&c.cfg, i)
		c.nodes = append(c.nodes, n)
		formats.Go(func() error { return n.format(inner, i, clusterID) })
	}
	if err := formats.Wait(); err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addresses()...), kgo.RetryTimeout(askTimeout), kgo.RequestTimeoutOverhead(askTimeout))
	if err != nil {
		return nil, err
	}
	c.cl, c.adm = cl, kadm.NewClient(cl)
	return c, nil
}

// Addresses are where the nodes serve whoever nothing must stand between.
func (c *Cluster) Addresses() []string {
	all := make([]string, c.cfg.Nodes)
	for n := range all {
		all[n] = c.cfg.Direct(n)
	}
	return all
}

// Start starts what does not run, without waiting.
func (c *Cluster) Start() error {
	var errs []error
	for n := range c.nodes {
		errs = append(errs, c.StartNode(n))
	}
	return errors.Join(errs...)
}

// StartNode starts a node without waiting.
func (c *Cluster) StartNode(n int) error { return c.nodes[n].start() }

// Kill ends a node by SIGKILL.
func (c *Cluster) Kill(n int) error { return c.nodes[n].kill() }

// Hang stops a node where it stands; its connections stay open.
func (c *Cluster) Hang(n int) error {
	_, err := c.nodes[n].signal(syscall.SIGSTOP)
	return err
}

// Resume lets a node go on that hung.
func (c *Cluster) Resume(n int) error {
	_, err := c.nodes[n].signal(syscall.SIGCONT)
	return err
}

// Stop ends all nodes. What they hold is kept.
func (c *Cluster) Stop() error {
	c.adm.Close()
	var stops errgroup.Group
	for _, n := range c.nodes {
		stops.Go(n.stop)
	}
	return stops.Wait()
}

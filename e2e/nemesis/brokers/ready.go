package brokers

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// askTimeout is for one question.
	askTimeout = 5 * time.Second
	askEvery   = 250 * time.Millisecond
)

// AwaitServing waits until every node runs and is registered, every partition has its leader and all its replicas in sync, and groups and
// transactions are coordinated. When ctx ends first, it says what was missing.
func (c *Cluster) AwaitServing(ctx context.Context) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		missing := c.missing(ctx)
		if missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("brokers do not serve: %s: %w", missing, ctx.Err())
		case <-tick.C:
		}
	}
}

func (c *Cluster) missing(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	for n, node := range c.nodes {
		if !node.runs() {
			return fmt.Sprintf("node %d does not run, see %s", n+1, node.log)
		}
	}
	// Asking makes the topics that coordinators keep.
	const nobody = "nemesis"
	if r := c.adm.FindGroupCoordinators(ctx, nobody)[nobody]; r.Err != nil {
		return "group coordinator: " + r.Err.Error()
	}
	if r := c.adm.FindTxnCoordinators(ctx, nobody)[nobody]; r.Err != nil {
		return "transaction coordinator: " + r.Err.Error()
	}
	m, err := c.adm.Metadata(ctx)
	if err != nil {
		return err.Error()
	}
	if len(m.Brokers) < c.cfg.Nodes {
		return fmt.Sprintf("%d of %d nodes are registered", len(m.Brokers), c.cfg.Nodes)
	}
	return notInSync(m.Topics)
}

func notInSync(topics kadm.TopicDetails) string {
	for _, t := range topics {
		if t.Err != nil {
			return t.Topic + ": " + t.Err.Error()
		}
		for _, p := range t.Partitions {
			if p.Leader < 0 || len(p.ISR) < len(p.Replicas) {
				return fmt.Sprintf("%s/%d: leader %d, in sync %v of %v", t.Topic, p.Partition, p.Leader, p.ISR, p.Replicas)
			}
		}
	}
	return ""
}

// TransactionVersion is the feature that the brokers have agreed on; 0 when they have none.
func (c *Cluster) TransactionVersion(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req := kmsg.NewPtrApiVersionsRequest()
	req.ClientSoftwareName, req.ClientSoftwareVersion = "nemesis", "1"
	resp, err := req.RequestWith(ctx, c.cl)
	if err != nil {
		return -1
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			return int(f.MaxVersionLevel)
		}
	}
	return 0
}

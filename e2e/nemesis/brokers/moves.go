package brokers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

const (
	groupTopic       = "__consumer_offsets"
	transactionTopic = "__transaction_state"
)

// GroupCoordinator is the node that coordinates a group.
func (c *Cluster) GroupCoordinator(ctx context.Context, group string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r := c.adm.FindGroupCoordinators(ctx, group)[group]
	if r.Err != nil {
		return 0, fmt.Errorf("coordinator of group %s: %w", group, r.Err)
	}
	return int(r.NodeID) - 1, nil
}

// MoveLeaders gives a new leader to the partitions of the topics whose names begin with prefix, as far as chosen.
func (c *Cluster) MoveLeaders(ctx context.Context, prefix string, chosen func() bool) (moved int, err error) {
	return c.move(ctx, func(topic string, _ int32) bool { return strings.HasPrefix(topic, prefix) && chosen() })
}

// MoveCoordinators gives the group, and every transactional id that begins with prefix, another coordinator.
func (c *Cluster) MoveCoordinators(ctx context.Context, group, prefix string) (moved int, err error) {
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	m, err := c.adm.Metadata(asking, groupTopic, transactionTopic)
	if err != nil {
		return 0, err
	}
	transactions, err := c.adm.ListTransactions(asking, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("listing transactions: %w", err)
	}
	wanted := map[string]map[int32]bool{
		groupTopic:       {coordinated(group, len(m.Topics[groupTopic].Partitions)): true},
		transactionTopic: {},
	}
	for id := range transactions {
		if strings.HasPrefix(id, prefix) {
			wanted[transactionTopic][coordinated(id, len(m.Topics[transactionTopic].Partitions))] = true
		}
	}
	return c.move(ctx, func(topic string, partition int32) bool { return wanted[topic][partition] })
}

// coordinated is the partition of a coordinators' topic that a group or a transactional id belongs to: Java's hash of the name
// (org.apache.kafka.common.utils.Utils.abs over String.hashCode).
func coordinated(name string, partitions int) int32 {
	var hash int32
	for _, r := range []byte(name) { // Names are ASCII here.
		hash = 31*hash + int32(r)
	}
	return (hash & 0x7fffffff) % int32(partitions)
}

// move turns the list of a partition's replicas by one and has the first one elected.
func (c *Cluster) move(ctx context.Context, wanted func(topic string, partition int32) bool) (moved int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	m, err := c.adm.Metadata(ctx)
	if err != nil {
		return 0, err
	}
	var turned kadm.AlterPartitionAssignmentsReq
	elected := make(kadm.TopicsSet)
	for _, t := range m.Topics.Sorted() {
		for _, p := range t.Partitions.Sorted() {
			if wanted(t.Topic, p.Partition) && len(p.Replicas) > 1 {
				turned.Assign(t.Topic, p.Partition, append(p.Replicas[1:len(p.Replicas):len(p.Replicas)], p.Replicas[0]))
				elected.Add(t.Topic, p.Partition)
			}
		}
	}
	if len(elected) == 0 {
		return 0, nil
	}
	altered, err := c.adm.AlterPartitionAssignments(ctx, turned)
	if err := errors.Join(err, altered.Error()); err != nil {
		return 0, fmt.Errorf("turning replicas: %w", err)
	}
	results, err := c.adm.ElectLeaders(ctx, kadm.ElectPreferredReplica, elected)
	if err != nil {
		return 0, fmt.Errorf("electing leaders: %w", err)
	}
	return countElected(results)
}

// countElected returns an error only if no partition has the leader that was asked for: brokers that are short of time refuse some.
func countElected(results kadm.ElectLeadersResults) (elected int, err error) {
	for _, partitions := range results {
		for _, r := range partitions {
			if r.Err == nil || errors.Is(r.Err, kerr.ElectionNotNeeded) {
				elected++
				continue
			}
			err = errors.Join(err, fmt.Errorf("electing a leader of %s/%d: %w", r.Topic, r.Partition, r.Err))
		}
	}
	if elected > 0 {
		return elected, nil
	}
	return 0, err
}

package transactions

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// FenceAbsent ends the open transactions of instances of the context that are not in its group any more, and returns their transactional ids.
// Without it readers of their partitions would wait until the broker times them out, some 18 s. It gives speed, not safety: an instance that
// is fenced by mistake loses a window and does it again.
func FenceAbsent(ctx context.Context, cl *kgo.Client, contextName, group, self string) ([]string, error) {
	open, err := openTransactions(ctx, cl, contextName)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	present, err := Instances(ctx, cl, group)
	if err != nil {
		return nil, err
	}
	var fenced []string
	for _, id := range open {
		instance, _, _ := strings.Cut(strings.TrimPrefix(id, contextPrefix(contextName)), "/")
		if instance == self || present[instance] {
			continue
		}
		if err := fenceID(ctx, cl, id); err != nil {
			return fenced, err
		}
		fenced = append(fenced, id)
	}
	return fenced, nil
}

// openTransactions lists the transactional ids of the context with a transaction under way. The filter by pattern is only in brokers from
// 4.1 on (KIP-1152), so the prefix is compared here.
func openTransactions(ctx context.Context, cl *kgo.Client, contextName string) ([]string, error) {
	listed, err := kadm.NewClient(cl).ListTransactions(ctx, nil, []string{"Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"})
	if err != nil {
		return nil, fmt.Errorf("listing open transactions: %w", err)
	}
	var ids []string
	for id := range listed {
		if strings.HasPrefix(id, contextPrefix(contextName)) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Instances are those whose members are in the group. Client ids are shown in every state of a group, metadata only when it is stable.
func Instances(ctx context.Context, cl *kgo.Client, group string) (map[string]bool, error) {
	described, err := kadm.NewClient(cl).DescribeGroups(ctx, group)
	if err == nil {
		err = described[group].Err
	}
	if err != nil {
		return nil, fmt.Errorf("describing group %s: %w", group, client.NameRight(err, "DESCRIBE", "group "+group))
	}
	present := make(map[string]bool)
	for _, m := range described[group].Members {
		if instance, _, ok := client.ParseMemberID(m.ClientID); ok {
			present[instance] = true
		}
	}
	return present, nil
}

// fenceID takes a transactional id over: the broker bumps its epoch, aborts what is open, and answers when that is done.
func fenceID(ctx context.Context, cl *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = kmsg.StringPtr(id)
	req.TransactionTimeoutMillis = int32(takeoverTimeout.Milliseconds())
	req.ProducerID, req.ProducerEpoch = -1, -1
	for {
		resp, err := req.RequestWith(ctx, cl)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		switch {
		case err == nil:
			return nil
		// The abort is being written; asking again is how its end is noticed. kerr does not count this one as retriable.
		case errors.Is(err, kerr.ConcurrentTransactions), kerr.IsRetriable(err):
		default:
			return fmt.Errorf("fencing %s: %w", id, client.NameRight(err, "WRITE", "transactional-id "+id))
		}
		if err := pause(ctx, takeoverPoll); err != nil {
			return err
		}
	}
}

package e2e_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A fake is a cluster in this process.
type fake struct {
	dir     string
	nodes   int
	ports   []int
	running *kfake.Cluster
	shrunk  *kfake.FaultHandle
}

func (f *fake) start(context.Context) ([]string, error) {
	opts := []kfake.Opt{
		kfake.NumBrokers(f.nodes), kfake.DataDir(f.dir), kfake.EnableACLs(), everybodyMay(),
		// Compaction while clients are there loses records of theirs, see internal/embedded.
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": "2147483647"}),
	}
	if f.ports != nil {
		opts = append(opts, kfake.Ports(f.ports...))
	}
	var err error
	if f.running, err = kfake.NewCluster(opts...); err != nil {
		return nil, err
	}
	addresses := f.running.ListenAddrs()
	f.ports = nil
	for _, address := range addresses {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		f.ports = append(f.ports, number)
	}
	return addresses, nil
}

// everybodyMay gives those who do not say who they are every right, so that single rights can be denied.
func everybodyMay() kfake.Opt {
	var all []kfake.ACL
	for _, resource := range []kmsg.ACLResourceType{
		kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeCluster, kmsg.ACLResourceTypeTransactionalId,
	} {
		all = append(all, kfake.ACL{
			Resource: resource, Name: "*", Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationAll, Allow: true,
		})
	}
	return kfake.User("PLAIN", strings.TrimPrefix(everybody, "User:"), "unused", all...)
}

func (f *fake) stop(context.Context) error {
	f.running.Close()
	return nil
}

func (f *fake) hang(context.Context) error {
	f.running.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		f.running.KeepControl()
		return nil, nil, true
	})
	return nil
}

func (f *fake) shrink(context.Context, string) error {
	f.shrunk = f.running.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Count: -1, When: func(req kmsg.Request) bool {
		return req.(*kmsg.ProduceRequest).TransactionID != nil //nolint:forcetypeassert // Keys names no other. Commands are sent without.
	}})
	return nil
}

func (f *fake) grow(context.Context) error {
	if f.shrunk.Hits() == 0 {
		return errors.New("nobody has tried to write meanwhile")
	}
	f.shrunk.Remove()
	return nil
}

func (f *fake) move(context.Context, string) error {
	f.running.RehashCoordinators()
	return nil
}

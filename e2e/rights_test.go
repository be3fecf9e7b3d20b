package e2e_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// everybody is who does not say who they are.
const everybody = "User:ANONYMOUS"

// A right is an operation on a resource.
type right struct {
	operation kmsg.ACLOperation
	resource  kmsg.ACLResourceType
	name      string
}

func parseRight(args []string) (r right, err error) {
	if len(args) != 3 {
		return r, fmt.Errorf("want RIGHT TYPE NAME, not %q", args)
	}
	if r.operation, err = kmsg.ParseACLOperation(args[0]); err != nil {
		return r, err
	}
	r.resource, err = kmsg.ParseACLResourceType(args[1])
	r.name = args[2]
	return r, err
}

// deny takes a right from everybody. Brokers may grant what no rule speaks of and refuse the rest once one does, so the rest is granted.
func deny(ctx context.Context, brokers, args []string) error {
	r, err := parseRight(args)
	if err != nil {
		return err
	}
	rule := func(operation kmsg.ACLOperation, permission kmsg.ACLPermissionType) kmsg.CreateACLsRequestCreation {
		c := kmsg.NewCreateACLsRequestCreation()
		c.ResourceType, c.ResourceName, c.ResourcePatternType = r.resource, r.name, kmsg.ACLResourcePatternTypeLiteral
		c.Principal, c.Host, c.Operation, c.PermissionType = everybody, "*", operation, permission
		return c
	}
	req := kmsg.NewPtrCreateACLsRequest()
	req.Creations = append(req.Creations, rule(kmsg.ACLOperationAll, kmsg.ACLPermissionTypeAllow), rule(r.operation, kmsg.ACLPermissionTypeDeny))
	return asked(brokers, func(cl *kgo.Client) error {
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.Results[1].ErrorCode)
	})
}

// grant takes back what deny did.
func grant(ctx context.Context, brokers, args []string) error {
	r, err := parseRight(args)
	if err != nil {
		return err
	}
	filter := kmsg.NewDeleteACLsRequestFilter()
	filter.ResourceType, filter.ResourceName, filter.ResourcePatternType = r.resource, &r.name, kmsg.ACLResourcePatternTypeLiteral
	filter.Operation, filter.PermissionType = r.operation, kmsg.ACLPermissionTypeDeny
	req := kmsg.NewPtrDeleteACLsRequest()
	req.Filters = append(req.Filters, filter)
	return asked(brokers, func(cl *kgo.Client) error {
		resp, err := req.RequestWith(ctx, cl)
		if err != nil {
			return err
		}
		if n := len(resp.Results[0].MatchingACLs); n != 1 {
			return fmt.Errorf("%d rules denied %s", n, strings.Join(args, " "))
		}
		return kerr.ErrorForCode(resp.Results[0].ErrorCode)
	})
}

// asked asks by a client that lives no longer than the question.
func asked(brokers []string, ask func(*kgo.Client) error) error {
	cl, err := client.NewAdmin(client.Config{Brokers: brokers})
	if err != nil {
		return err
	}
	defer cl.Close()
	return ask(cl)
}

package partitions

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// removeFormerSelf takes members that this instance left behind out of the group. A process that was killed stays a member until its session
// times out, and its shards stand still for so long; whoever holds the lock of its state directory knows that it is gone. Any client may say so
// for a member (LeaveGroup, KIP-345), and if it were wrong the fences would hold all the same.
func (rt *engine) removeFormerSelf(ctx context.Context) error {
	members, err := rt.asks.Members(ctx, rt.config.Context, rt.progressTopic)
	if err != nil {
		return err
	}
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = rt.config.Context
	for _, m := range members {
		if m.Instance == rt.config.Stores.InstanceID() {
			leaving := kmsg.NewLeaveGroupRequestMember()
			leaving.MemberID = m.ID
			leaving.Reason = kmsg.StringPtr("its process was killed, and is started again")
			req.Members = append(req.Members, leaving)
		}
	}
	if len(req.Members) == 0 {
		return nil
	}
	resp, err := req.RequestWith(ctx, rt.admin)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	if err != nil {
		return fmt.Errorf("taking this instance's former members out of group %s: %w", rt.config.Context, err)
	}
	return nil
}

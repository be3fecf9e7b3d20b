package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/partita-io/partita/kafka/client"
)

// A Member is a process in a context's group.
type Member struct {
	// ID was given by the broker; ClientID is client.MemberID, or whatever another program sends.
	ID, ClientID string
	// Instance and Address are what the client id tells; empty for other programs.
	Instance, Address string
	Host              string
	// Shards are the partitions of the topic asked for that are assigned to it. Brokers show them in a stable group only.
	Shards []int32
	// Offer is what the member can run; Joined tells whether the broker showed its join metadata, which it does in a stable group only.
	Offer  client.Offer
	Joined bool
}

// Members describes a group: none if it does not exist. Shards are counted on topic, the context's progress topic.
func (a *Admin) Members(ctx context.Context, group, topic string) ([]Member, error) {
	described, err := a.adm.DescribeGroups(ctx, group)
	if err == nil {
		err = brokerError(described[group].Err, described[group].ErrMessage)
	}
	// Brokers answer for a group that never was with state Dead, and from 4.0 on with an error (KIP-1043).
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing group %s: %w", group, client.NameRight(err, "DESCRIBE", "group "+group))
	}
	members := make([]Member, 0, len(described[group].Members))
	for _, m := range described[group].Members {
		member := Member{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		member.Instance, member.Address, _ = client.ParseMemberID(m.ClientID)
		if joined, ok := m.Join.AsConsumer(); ok {
			member.Offer, _ = client.ParseOffer(joined.UserData)
			member.Joined = true
		}
		if assigned, ok := m.Assigned.AsConsumer(); ok {
			for _, t := range assigned.Topics {
				if t.Topic == topic {
					member.Shards = append(member.Shards, t.Partitions...)
				}
			}
		}
		slices.Sort(member.Shards)
		members = append(members, member)
	}
	return members, nil
}

package client

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var shop = Offer{Version: "9f31", Components: []string{"cart", "totals"}}

func userData(t require.TestingT, b kgo.GroupBalancer, current map[string][]int32, generation int32) []byte {
	var meta kmsg.ConsumerMemberMetadata
	require.NoError(t, meta.ReadFrom(b.JoinGroupMetadata([]string{"shop.progress"}, current, generation)))
	return meta.UserData
}

func TestOfferComesBack(t *testing.T) {
	b, err := offerBalancer(shop)
	require.NoError(t, err)
	for generation, current := range []map[string][]int32{nil, {"shop.progress": {0, 1, 7}}} {
		got, ok := ParseOffer(userData(t, b, current, int32(generation)-1))
		require.True(t, ok)
		require.Equal(t, shop, got)
	}
}

func TestOfferLeavesThePlacementAsItWas(t *testing.T) {
	b, err := offerBalancer(shop)
	require.NoError(t, err)
	plan := func(b kgo.GroupBalancer) map[string]map[string][]int32 {
		// One member holds everything and one is new: half is to move.
		members := []kmsg.JoinGroupResponseMember{
			{MemberID: "a", ProtocolMetadata: b.JoinGroupMetadata([]string{"shop.progress"}, map[string][]int32{"shop.progress": {0, 1, 2, 3}}, 4)},
			{MemberID: "b", ProtocolMetadata: b.JoinGroupMetadata([]string{"shop.progress"}, nil, -1)},
		}
		balancer, topics, err := b.MemberBalancer(members)
		require.NoError(t, err)
		require.Contains(t, topics, "shop.progress")
		balanced, err := balancer.(kgo.GroupMemberBalancerOrError).BalanceOrError(map[string]int32{"shop.progress": 4})
		require.NoError(t, err)
		assigned, ok := balanced.(*kgo.BalancePlan)
		require.True(t, ok)
		return assigned.AsMemberIDMap()
	}
	require.Equal(t, plan(kgo.CooperativeStickyBalancer()), plan(b))
}

func TestOtherProgramsOfferNothing(t *testing.T) {
	_, ok := ParseOffer(userData(t, kgo.CooperativeStickyBalancer(), nil, -1))
	require.False(t, ok)
}

func FuzzParseOffer(f *testing.F) {
	b, err := offerBalancer(shop)
	require.NoError(f, err)
	f.Add(userData(f, b, map[string][]int32{"shop.progress": {0}}, 3))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = ParseOffer(data) })
}

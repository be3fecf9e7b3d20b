package client

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// An Offer is what a member tells the group that it can run.
type Offer struct {
	// Version tells one folder, or one build, from another.
	Version string `json:"version"`
	// Components are the names of what its context consists of.
	Components []string `json:"components"`
}

// offerMark stands between the user data of the sticky strategy, which ignores what follows it, and an offer in JSON.
var offerMark = []byte("\x00partita/1\x00")

// offering is the cooperative sticky strategy with an offer in the join metadata. Any client may read that from the description of a stable group.
type offering struct {
	kgo.GroupBalancer
	suffix []byte
}

func offerBalancer(o Offer) (kgo.GroupBalancer, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("join metadata: %w", err)
	}
	return offering{GroupBalancer: kgo.CooperativeStickyBalancer(), suffix: append(bytes.Clone(offerMark), data...)}, nil
}

// JoinGroupMetadata is that of the strategy with the offer behind it. The same offer gives the same bytes, as the broker takes a change of
// them for a reason to rebalance.
func (b offering) JoinGroupMetadata(topics []string, current map[string][]int32, generation int32) []byte {
	plain := b.GroupBalancer.JoinGroupMetadata(topics, current, generation)
	var meta kmsg.ConsumerMemberMetadata
	if err := meta.ReadFrom(plain); err != nil {
		return plain // Made by kgo a line above; without an offer the member still is one.
	}
	meta.UserData = append(meta.UserData, b.suffix...)
	return meta.AppendTo(nil)
}

// ParseOffer reads the offer of a member's user data; ok is false for members of other programs.
func ParseOffer(userData []byte) (o Offer, ok bool) {
	_, data, ok := bytes.Cut(userData, offerMark)
	if !ok || json.Unmarshal(data, &o) != nil {
		return Offer{}, false
	}
	return o, true
}

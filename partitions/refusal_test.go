package partitions

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// refuse is the answer to a fence that the group does not vouch for.
func refuse(req *kmsg.TxnOffsetCommitRequest, why *kerr.Error) *kmsg.TxnOffsetCommitResponse {
	resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
	for _, topic := range req.Topics {
		answer := kmsg.NewTxnOffsetCommitResponseTopic()
		answer.Topic, answer.TopicID = topic.Topic, topic.TopicID
		for _, p := range topic.Partitions {
			partition := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			partition.Partition, partition.ErrorCode = p.Partition, why.Code
			answer.Partitions = append(answer.Partitions, partition)
		}
		resp.Topics = append(resp.Topics, answer)
	}
	return resp
}

// The broker would commit a transaction all the same: who got the refusal must obey it, or ask again and be let.
func TestRefusedFenceIsObeyed(t *testing.T) {
	for _, why := range []*kerr.Error{kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress} {
		t.Run(why.Message, func(t *testing.T) {
			inBubble(t, 2, func(b *bubble) {
				b.begin("a")
				b.command(3)
				b.awaitAll()
				refusals, committed := 0, 0
				refused := make(map[string]bool)
				b.cluster.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
					b.cluster.KeepControl()
					switch req := req.(type) {
					case *kmsg.TxnOffsetCommitRequest:
						refusals++
						if refused[req.TransactionalID] = refusals <= 3; refused[req.TransactionalID] {
							return refuse(req, why), nil, true
						}
					case *kmsg.EndTxnRequest:
						if req.Commit && refused[req.TransactionalID] {
							committed++
						}
						refused[req.TransactionalID] = false
					}
					return nil, nil, false
				})
				b.command(3)
				b.awaitAll()
				require.Greater(b.t, refusals, 3)
				require.Zero(b.t, committed, "transactions that were committed although their fence was refused")
			})
		})
	}
}

package client

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A Remedy is what is to be done about an error.
type Remedy uint8

// The remedies.
const (
	// Retry means: the broker may answer otherwise later (it is away, a leader or coordinator moves).
	Retry Remedy = iota
	// Redo means: the transaction is void, its records are to be decided and sent again (an expired transaction, a lost sequence).
	Redo
	// Rebuild means: another producer has taken the transactional id. Who still owns his shards builds new producers and goes on.
	Rebuild
	// Leave means: the group has given the shards away; whatever was decided for them must be dropped.
	Leave
	// Regenerate means: the group has moved on to a new generation; who still owns his shards asks for it and tries again.
	Regenerate
	// Refuse means: this very record will never be taken.
	Refuse
	// Authorize means: a right is missing; only an operator can help.
	Authorize
	// Stop means: the caller ended it.
	Stop
)

// remedies sorts the broker's answers. Beside each stands the event that leads there.
var remedies = map[*kerr.Error]Remedy{
	// Another InitProducerID under this transactional id: a take-over, or an operator's mistake.
	kerr.InvalidProducerEpoch: Rebuild,
	kerr.ProducerFenced:       Rebuild,
	// The transactional id expired (idle for a week), or the coordinator lost it.
	kerr.InvalidProducerIDMapping: Rebuild,
	kerr.UnknownProducerID:        Redo,
	// The transaction timed out on the broker, or was aborted for a reason it names.
	kerr.InvalidTxnState:          Redo,
	kerr.TransactionAbortable:     Redo,
	kerr.OperationNotAttempted:    Redo,
	kerr.OutOfOrderSequenceNumber: Redo,
	// The session timed out, or a successor removed this member.
	kerr.UnknownMemberID:  Leave,
	kerr.FencedInstanceID: Leave,
	// A rebalance has begun or ended since the generation was read.
	kerr.IllegalGeneration:   Regenerate,
	kerr.RebalanceInProgress: Regenerate,
	// Larger than the topic allows; not a record (no key on a compacted topic); no such partition or topic.
	kerr.MessageTooLarge:         Refuse,
	kerr.RecordListTooLarge:      Refuse,
	kerr.InvalidRecord:           Refuse,
	kerr.InvalidTimestamp:        Refuse,
	kerr.UnknownTopicOrPartition: Refuse,
	kerr.UnknownTopicID:          Refuse,
	kerr.InvalidTopicException:   Refuse,
	kerr.PolicyViolation:         Refuse,

	kerr.TopicAuthorizationFailed:           Authorize,
	kerr.GroupAuthorizationFailed:           Authorize,
	kerr.ClusterAuthorizationFailed:         Authorize,
	kerr.TransactionalIDAuthorizationFailed: Authorize,
	kerr.SaslAuthenticationFailed:           Authorize,
}

// IsMissingPartition tells that a producer knows the topic, and no partition of the record's number: the topic was made again with fewer, or the number came
// from outside. kgo has no value for this error.
func IsMissingPartition(err error) bool {
	return err != nil && strings.Contains(err.Error(), "invalid record partitioning choice")
}

// RemedyFor sorts an error of any client. What is not known is retried: doubt is never taken for a "no".
func RemedyFor(err error) Remedy {
	var ke *kerr.Error
	switch {
	case errors.As(err, &ke):
		if r, ok := remedies[ke]; ok {
			return r
		}
		return Retry
	case errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed), errors.Is(err, kgo.ErrAborting):
		return Stop
	}
	return Retry
}

// IsMissingTopic tells whether err says that a topic or partition is not there (yet, or any more).
func IsMissingTopic(err error) bool {
	return errors.Is(err, kerr.UnknownTopicOrPartition) || errors.Is(err, kerr.UnknownTopicID)
}

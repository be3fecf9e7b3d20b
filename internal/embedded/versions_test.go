package embedded_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/client"
)

// Java's admin client reads an answer of version 5 or later only with settings that kfake does not give.
func TestTopicIsCreatedWithAnAnswerThatJavaReads(t *testing.T) {
	b := start(t, t.TempDir())
	cl, err := client.NewAdmin(client.Config{Brokers: []string{b.Addr()}})
	require.NoError(t, err)
	defer cl.Close()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "bank.payments", 3, -1
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(within(t), cl)
	require.NoError(t, err)
	require.Zero(t, resp.Topics[0].ErrorCode)
	require.Less(t, resp.Version, int16(5))
	require.NoError(t, b.Close())
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/internal/embedded"
)

// A desk sends commands to a running bank and reads answers and rows, as any Kafka client would.
type desk struct {
	t  *testing.T
	cl *kgo.Client
	// read has what came before it was asked for, by topic.
	read map[string][]*kgo.Record
}

func openDesk(t *testing.T) desk {
	t.Helper()
	broker, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, broker.Close()) })
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx, broker.Addr(), t.TempDir()) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.ConsumeTopics("bank.replies", "bank.incoming"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return desk{t: t, cl: cl, read: make(map[string][]*kgo.Record)}
}

// ask sends a command and waits for its answer.
func (d desk) ask(account, kind, fields string) string {
	d.t.Helper()
	err := d.cl.ProduceSync(d.t.Context(), &kgo.Record{
		Topic: "bank.account.commands", Key: []byte(account), Value: fmt.Appendf(nil, `{"type":%q%s}`, kind, fields),
		Headers: []kgo.RecordHeader{{Key: "kafka_replyTopic", Value: []byte("bank.replies")}},
	}).FirstErr()
	require.NoError(d.t, err)
	var a struct{ Status, Code string }
	require.NoError(d.t, json.Unmarshal(d.next("bank.replies").Value, &a))
	return a.Status + a.Code
}

func (d desk) next(topic string) *kgo.Record {
	d.t.Helper()
	for len(d.read[topic]) == 0 {
		for _, r := range d.cl.PollRecords(d.t.Context(), 1).Records() {
			d.read[r.Topic] = append(d.read[r.Topic], r)
		}
		require.NoError(d.t, d.t.Context().Err())
	}
	r := d.read[topic][0]
	d.read[topic] = d.read[topic][1:]
	return r
}

func TestTransfersNeverOverdraw(t *testing.T) {
	d := openDesk(t)
	require.Equal(t, "rejectednot-open", d.ask("a1", "Deposit", `,"cents":100`))
	require.Equal(t, "accepted", d.ask("a1", "Open", `,"owner":"ann"`))
	require.Equal(t, "rejectedis-open", d.ask("a1", "Open", `,"owner":"bob"`))
	require.Equal(t, "accepted", d.ask("a1", "Deposit", `,"cents":100`))
	require.Equal(t, "rejectedbad-amount", d.ask("a1", "Transfer", `,"to":"a2","cents":0`))
	require.Equal(t, "rejectedto-itself", d.ask("a1", "Transfer", `,"to":"a1","cents":1`))
	require.Equal(t, "rejectedoverdraft", d.ask("a1", "Transfer", `,"to":"a2","cents":101`))
	require.Equal(t, "accepted", d.ask("a1", "Transfer", `,"to":"a2","cents":70`))
	row := d.next("bank.incoming")
	require.Equal(t, "a2", string(row.Key))
	require.Equal(t, "rejectedoverdraft", d.ask("a1", "Transfer", `,"to":"a2","cents":31`))
}

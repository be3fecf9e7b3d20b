package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
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
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.ConsumeTopics("bank.replies", "bank.incoming", "bank.account.events"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(-1))
	require.NoError(t, err)
	t.Cleanup(cl.Close)
	return desk{t: t, cl: cl, read: make(map[string][]*kgo.Record)}
}

// ask sends a command and waits for its answer.
func (d desk) ask(account, kind, fields string) string {
	d.t.Helper()
	require.NoError(d.t, d.cl.ProduceSync(d.t.Context(), command(account, kind, fields)).FirstErr())
	return d.answer()
}

func command(account, kind, fields string) *kgo.Record {
	return &kgo.Record{
		Topic: "bank.account.commands", Key: []byte(account), Value: fmt.Appendf(nil, `{"type":%q%s}`, kind, fields),
		Headers: []kgo.RecordHeader{{Key: "kafka_replyTopic", Value: []byte("bank.replies")}},
	}
}

func (d desk) answer() string {
	d.t.Helper()
	var a struct{ Status, Code string }
	require.NoError(d.t, json.Unmarshal(d.next("bank.replies").Value, &a))
	return a.Status + a.Code
}

// happened is the next event and its account.
func (d desk) happened() (id string, event any) {
	d.t.Helper()
	r := d.next("bank.account.events")
	i := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == "ce_type" })
	event, err := decode[string(r.Headers[i].Value)](r.Value)
	require.NoError(d.t, err)
	return string(r.Key), event
}

var decode = map[string]func([]byte) (any, error){
	"Opened": decodeAs[Opened], "Deposited": decodeAs[Deposited], "Received": decodeAs[Received],
	"Transferred": decodeAs[Transferred], "Arrived": decodeAs[Arrived], "Returned": decodeAs[Returned],
}

func decodeAs[E any](data []byte) (any, error) {
	var event E
	err := json.Unmarshal(data, &event)
	return event, err
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
	require.Equal(t, "accepted", d.ask("a2", "Open", `,"owner":"bob"`))
	require.Equal(t, "accepted", d.ask("a1", "Deposit", `,"cents":100`))
	require.Equal(t, "rejectedbad-amount", d.ask("a1", "Transfer", `,"to":"a2","cents":0`))
	require.Equal(t, "rejectedto-itself", d.ask("a1", "Transfer", `,"to":"a1","cents":1`))
	require.Equal(t, "rejectedoverdraft", d.ask("a1", "Transfer", `,"to":"a2","cents":101`))
	require.Equal(t, "accepted", d.ask("a1", "Transfer", `,"to":"a2","cents":70`))
	row := d.next("bank.incoming")
	require.Equal(t, "a2", string(row.Key))
	require.Equal(t, "rejectedoverdraft", d.ask("a1", "Transfer", `,"to":"a2","cents":31`))
}

func TestTheTotalIsKeptToTheCent(t *testing.T) {
	const accounts, deposited, tellers, each = 20, 1000, 4, 100
	d := openDesk(t)
	for i := range accounts {
		require.Equal(t, "accepted", d.ask(name(i), "Open", `,"owner":"somebody"`))
		require.Equal(t, "accepted", d.ask(name(i), "Deposit", fmt.Sprintf(`,"cents":%d`, deposited)))
	}
	var sending sync.WaitGroup
	for teller := range tellers {
		sending.Go(func() {
			drawn := rand.New(rand.NewPCG(uint64(teller), 1))
			for range each {
				// Some go to the accounts behind the last, which nobody has opened.
				fields := fmt.Sprintf(`,"to":%q,"cents":%d`, name(drawn.IntN(accounts+3)), 1+drawn.IntN(deposited/2))
				d.cl.Produce(t.Context(), command(name(drawn.IntN(accounts)), "Transfer", fields), nil)
			}
		})
	}
	sending.Wait()
	answers := make(map[string]int)
	for range tellers * each {
		answers[d.answer()]++
	}
	underWay := answers["accepted"]
	states, settled := make(map[string]*Account), make(map[string]int)
	for underWay > 0 || settled["Received"] < settled["Arrived"] {
		id, event := d.happened()
		if states[id] == nil {
			states[id] = &Account{OnTheWay: map[string]Transfer{}}
		}
		require.NoError(t, account.Evolve(states[id], event))
		switch event.(type) {
		case Received:
			settled["Received"]++
		case Arrived:
			settled["Arrived"]++
			underWay--
		case Returned:
			settled["Returned"]++
			underWay--
		}
	}
	total := int64(0)
	for id, a := range states {
		require.GreaterOrEqual(t, a.Cents, int64(0), id)
		require.Empty(t, a.OnTheWay, id)
		total += a.Cents
	}
	require.Equal(t, int64(accounts*deposited), total)
	require.Len(t, states, accounts)
	require.Equal(t, settled["Received"], settled["Arrived"])
	for _, what := range []string{"accepted", "rejectedoverdraft"} {
		require.Positive(t, answers[what], what)
	}
	require.Positive(t, settled["Arrived"])
	require.Positive(t, settled["Returned"])
}

func name(i int) string { return fmt.Sprintf("a%d", i) }

package asking_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/cmd/processor/asking"
	"github.com/partita-io/partita/cmd/processor/following"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/admin"
	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/kafka/topics"
)

var shop = topics.Context{Name: "shop", Partitions: 4}

// brokers has the topics of shop.
func brokers(t *testing.T) client.Config {
	t.Helper()
	b, err := embedded.Start(t.Context(), embedded.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	cfg := client.Config{Brokers: []string{b.Addr()}}
	cl, err := client.NewAdmin(cfg)
	require.NoError(t, err)
	defer cl.Close()
	diffs := topics.Diff(shop, []topics.Spec{shop.Commands("cart"), shop.Replies()}, nil)
	require.NoError(t, admin.New(cl).Apply(t.Context(), diffs, nil))
	return cfg
}

// answering answers every command with what answer makes of it, until the test ends. It reads what there is from the start.
func answering(t *testing.T, cfg client.Config, answer func(*kgo.Record) string) {
	t.Helper()
	producer, err := client.NewPlainProducer(cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		producer.Close()
	})
	go func() {
		ended <- following.Follow(ctx, following.Options{Client: cfg, Topic: "shop.cart.commands"}, func(r *kgo.Record) error {
			partition, err := records.ParseReplyPartition(headers(r)[records.ReplyPartition])
			if err != nil {
				return err
			}
			reply := &kgo.Record{Topic: string(headers(r)[records.ReplyTopic]), Partition: partition, Key: r.Key, Value: []byte(answer(r))}
			reply.Headers = []kgo.RecordHeader{{Key: records.CorrelationID, Value: headers(r)[records.CorrelationID]}}
			producer.Produce(ctx, reply, nil)
			return nil
		})
	}()
}

func headers(r *kgo.Record) map[string][]byte {
	all := map[string][]byte{}
	for _, h := range r.Headers {
		all[h.Key] = h.Value
	}
	return all
}

func open(t *testing.T, o asking.Options) *asking.Asker {
	t.Helper()
	o.Context = shop
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	a, err := asking.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	return a
}

func ask(t *testing.T, a *asking.Asker, c asking.Command) asking.Result {
	t.Helper()
	ended := make(chan asking.Result, 1)
	require.NoError(t, a.Ask(t.Context(), c, func(r asking.Result) { ended <- r }))
	return <-ended
}

func TestACommandIsARecordThatAnyClientCouldHaveSent(t *testing.T) {
	cfg := brokers(t)
	sent := make(chan *kgo.Record, 1)
	answering(t, cfg, func(r *kgo.Record) string { sent <- r; return `{"status":"accepted","sequence":3,"events":1}` })
	expected := int64(2)
	a := open(t, asking.Options{Client: cfg})
	result := ask(t, a, asking.Command{
		Entity: "cart", ID: "c1", Type: "AddItem", Fields: []byte(`{"sku":"apple"}`), CommandID: "i1", ExpectedSequence: &expected,
	})
	require.NoError(t, result.Err)
	require.Equal(t, asking.Accepted, result.Answer.Status)
	require.EqualValues(t, 3, result.Answer.Sequence)
	r := <-sent
	require.Equal(t, "c1", string(r.Key))
	require.Equal(t, records.Partition([]byte("c1"), 4), r.Partition)
	require.JSONEq(t, `{"sku":"apple"}`, string(r.Value))
	require.Equal(t, "AddItem", string(headers(r)[records.Type]))
	require.Equal(t, "i1", string(headers(r)[records.ID]))
	require.Equal(t, "2", string(headers(r)[records.ExpectedSequence]))
	require.Equal(t, "application/json", string(headers(r)[records.ContentType]))
	require.Equal(t, "shop.replies", string(headers(r)[records.ReplyTopic]))
}

func TestRejectionsAndFailuresAreAnswers(t *testing.T) {
	cfg := brokers(t)
	answering(t, cfg, func(r *kgo.Record) string { return string(r.Value) })
	a := open(t, asking.Options{Client: cfg})
	for _, answer := range []string{
		`{"status":"rejected","code":"cart-closed","message":"closed","sequence":2}`, `{"status":"failed","code":"malformed","message":"?"}`,
	} {
		result := ask(t, a, asking.Command{Entity: "cart", ID: "c1", Type: "AddItem", Fields: []byte(answer)})
		require.NoError(t, result.Err)
		require.Equal(t, answer, string(result.Answer.JSON))
	}
	for _, nonsense := range []string{`{"status":"maybe"}`, `[`, ``} {
		require.ErrorContains(t, ask(t, a, asking.Command{Entity: "cart", ID: "c1", Type: "AddItem", Fields: []byte(nonsense)}).Err, "not understood")
	}
}

func TestManyCommandsHaveOneResultEach(t *testing.T) {
	const commands = 40_000 // More than may be under way at once.
	cfg := brokers(t)
	var position [4]int64
	answering(t, cfg, func(r *kgo.Record) string {
		position[r.Partition]++
		return fmt.Sprintf(`{"status":"accepted","sequence":%d}`, position[r.Partition])
	})
	a := open(t, asking.Options{Client: cfg})
	var ended, wrong atomic.Int64
	for i := range commands {
		c := asking.Command{Entity: "cart", ID: "c" + strconv.Itoa(i%100), Type: "AddItem", Fields: []byte("{}")}
		require.NoError(t, a.Ask(t.Context(), c, func(r asking.Result) {
			ended.Add(1)
			if r.Err != nil {
				wrong.Add(1)
			}
		}))
	}
	require.NoError(t, a.Wait(t.Context()))
	require.EqualValues(t, commands, ended.Load())
	require.Zero(t, wrong.Load())
}

func TestAnAnswerThatDoesNotComeIsATimeout(t *testing.T) {
	a := open(t, asking.Options{Client: brokers(t), Timeout: 300 * time.Millisecond})
	var timeout *asking.TimeoutError
	require.ErrorAs(t, ask(t, a, asking.Command{Entity: "cart", ID: "c1", Type: "AddItem"}).Err, &timeout)
	require.True(t, timeout.Written)
}

func TestWithoutWaitingACommandEndsWhenItIsWritten(t *testing.T) {
	a := open(t, asking.Options{Client: brokers(t), NoWait: true})
	result := ask(t, a, asking.Command{Entity: "cart", ID: "c1", Type: "AddItem"})
	require.NoError(t, result.Err)
	require.Empty(t, result.Answer)
}

func TestAMissingTopicIsNamed(t *testing.T) {
	cfg := brokers(t)
	_, err := asking.Open(t.Context(), asking.Options{Client: cfg, Context: topics.Context{Name: "other", Partitions: 4}, Timeout: time.Minute})
	require.ErrorContains(t, err, "topic other.replies is missing")
	a := open(t, asking.Options{Client: cfg})
	require.ErrorContains(t, ask(t, a, asking.Command{Entity: "hat", ID: "h1", Type: "Wear"}).Err, "sending the command")
}

func TestClosingEndsWhatIsUnderWay(t *testing.T) {
	a := open(t, asking.Options{Client: brokers(t)})
	ended := make(chan asking.Result, 1)
	require.NoError(t, a.Ask(t.Context(), asking.Command{Entity: "cart", ID: "c1", Type: "AddItem"}, func(r asking.Result) { ended <- r }))
	a.Close()
	require.Error(t, (<-ended).Err)
}

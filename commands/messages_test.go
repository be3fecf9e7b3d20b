package commands

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

func (d *desk) storedC1() entities.Stored {
	d.t.Helper()
	s, ok := d.window.stored("c1")
	require.True(d.t, ok)
	return s
}

func headersOf(r *kgo.Record) map[string]string {
	got := map[string]string{}
	for _, h := range r.Headers {
		got[h.Key] = string(h.Value)
	}
	return got
}

func TestSentCommandSaysWhatItComesOf(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1 send=stock/apple", asking("a", records.TraceParent, "00-1-2-01", records.Hops, "4", records.Correlation, "first")...))

	sent := d.window.of(partitions.OutputSend)
	require.Len(t, sent, 1)
	require.Equal(t, []string{"shop.stock.commands", "apple", "c"}, []string{sent[0].Topic, string(sent[0].Key), string(sent[0].Value)})
	require.Equal(t, shardOf("apple"), sent[0].Partition)
	require.Equal(t, map[string]string{
		"ce_type": "Do", "content-type": "text/plain", "partita_causation": "app/a", "partita_correlation": "first", "partita_hops": "5",
		"partita_sender": "counter/c1", "traceparent": "00-1-2-01",
	}, headersOf(sent[0]))
	require.Equal(t, 1, d.window.counted(partitions.MessageSent, "send"))
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
}

func TestSendsWithoutEventsAreAccepted(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "send=stock/a send=stock/b", asking("a")...))
	require.Len(t, d.window.of(partitions.OutputSend), 2)
	require.Equal(t, []string{`{"status":"accepted","sequence":0,"events":0}`}, d.answers())
	d.do(command("c1", "send=stock/a send=stock/b", asking("a")...))
	require.Len(t, d.window.of(partitions.OutputSend), 2, "asked again it is answered as before, and sends nothing")
}

func TestCommandForAnotherContextGoesToThePartitionThatItsTopicHas(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1 send=billing.invoice/i1"))
	sent := d.window.of(partitions.OutputSend)
	require.Len(t, sent, 1)
	require.Equal(t, "billing.invoice.commands", sent[0].Topic)
	require.Equal(t, records.Partition([]byte("i1"), 6), sent[0].Partition)
}

func TestSendToNowhereFailsTheCommandAndNothingOfItHappens(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1"), command("c1", "+2 send=stock/a send=billing.refund/r1", asking("a")...), command("c1", "+4"))
	require.Empty(t, d.window.of(partitions.OutputSend))
	d.deadLetter("unknown-target")
	require.Contains(t, d.answers()[0], `"failed","code":"unknown-target"`)
	require.Equal(t, "5", string(d.storedC1().State))
}

func TestCommandIsDecidedAgainWhenNoBrokerTellsOfItsTarget(t *testing.T) {
	d := newDesk(t)
	away := errors.New("no broker answers")
	d.window.brokersAway = away
	require.ErrorIs(t, d.processor.Process(d.window, []partitions.Record{command("c1", "+1 send=billing.invoice/i1")}), away)
	require.Empty(t, d.window.of(partitions.OutputDeadLetter))

	d.window.brokersAway = nil
	d.window.abort(0)
	d.processor.Dropped()
	d.do(command("c1", "+1 send=billing.invoice/i1"))
	require.Len(t, d.window.of(partitions.OutputSend), 1)
	require.Equal(t, int64(1), d.storedC1().Sequence)
}

func TestPublishedMessageIsACloudEvent(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1 publish=moves/k publish=moves/k", asking("a")...))
	published := d.window.of(partitions.OutputPublication)
	require.Len(t, published, 2)
	require.Equal(t, "shop.moves", published[1].Topic)
	require.Equal(t, records.Partition([]byte("k"), shopTopics.Partitions), published[1].Partition)
	got := headersOf(published[1])
	require.Equal(t, map[string]string{
		"ce_specversion": "1.0", "ce_id": "counter/c1/app/a/1", "ce_type": "Moved", "ce_source": "shop", "ce_subject": "k", "ce_time": "1970-01-01T00:16:39.000Z",
		"content-type": "text/plain", "partita_causation": "app/a", "partita_correlation": "app/a", "partita_hops": "1", "partita_sender": "counter/c1",
	}, got)
	require.Equal(t, "counter/c1/app/a/0", header(published[0], records.ID))
}

// told is a command that an entity of another context waits for the answer to.
func told(t *testing.T, text string, headers ...string) partitions.Record {
	t.Helper()
	sender := newDesk(t)
	sender.do(command("c1", "ask=counter/c2"))
	to := header(sender.window.of(partitions.OutputSend)[0], records.OnReply)
	return command("c1", text, append([]string{records.OnReply, to}, headers...)...)
}

func TestAnswerComesBackAsACommand(t *testing.T) {
	for text, want := range map[string]string{
		`+3 reply={"n":3}`: `{"order":7,"reply":{"n":3},"status":"accepted"}`,
		"reject=closed":    `{"code":"closed","order":7,"status":"rejected"}`,
		"fail=behavior":    `{"code":"behavior","order":7,"status":"failed"}`,
		"":                 `{"order":7,"status":"accepted"}`,
	} {
		d := newDesk(t)
		d.do(told(t, text, records.Hops, "1", records.Correlation, "first"))
		back := d.window.of(partitions.OutputReply)
		require.Len(t, back, 1, text)
		require.Equal(t, []string{"shop.counter.commands", "c1", want}, []string{back[0].Topic, string(back[0].Key), string(back[0].Value)}, text)
		require.Equal(t, shardOf("c1"), back[0].Partition)
		got := headersOf(back[0])
		require.Equal(t, []string{"Told", "application/json", "2", "first"}, []string{got["ce_type"], got["content-type"], got["partita_hops"], got["partita_correlation"]})
		require.Equal(t, 1, d.window.counted(partitions.MessageSent, "answer"))
	}
}

func TestAnswerThatTheBrokerRefusedIsCounted(t *testing.T) {
	d := newDesk(t)
	r := told(t, "+3")
	r.ReplyRefused = true
	d.do(r)
	require.Empty(t, d.window.of(partitions.OutputReply))
	require.Equal(t, 1, d.window.counted(partitions.ReplyDropped, ""))
	require.Equal(t, int64(1), d.storedC1().Sequence)
}

func TestAnswerToAPartitionThatItsTopicDoesNotHaveIsDroppedAndCounted(t *testing.T) {
	for _, topic := range []string{"shop.counter.commands", "nowhere.order.commands"} {
		d := newDesk(t)
		d.do(command("c1", "+3", records.OnReply, `{"topic":"`+topic+`","partition":99,"id":"x","type":"Told"}`))
		require.Empty(t, d.window.of(partitions.OutputReply), topic)
		require.Equal(t, 1, d.window.counted(partitions.ReplyDropped, ""), topic)
		require.Equal(t, int64(1), d.storedC1().Sequence, topic)
	}
}

func TestEntityWhoseIDIsNoTextCannotBeToldAnAnswer(t *testing.T) {
	id := ""
	for i := 0; id == "" || shardOf(id) != shardOf("c1"); i++ {
		id = fmt.Sprintf("\xff%d", i)
	}
	d := newDesk(t)
	d.do(command(id, "ask=counter/c2", asking("a")...))
	require.Empty(t, d.window.of(partitions.OutputSend))
	require.Contains(t, d.answers()[0], "is no text, and an answer could not find it")
}

// Nothing may leave that would leave again when the command is repeated.
func TestCommandWhoseAnswerCannotBeRememberedSendsNothing(t *testing.T) {
	rejected := 0
	for wide := 3800; wide < 4096; wide += 8 {
		d := newDesk(t)
		d.do(command("c1", fmt.Sprintf("wide=%d +1", wide)))
		for range 2 {
			d.do(command("c1", "send=stock/a", asking("a")...))
		}
		sent := len(d.window.of(partitions.OutputSend))
		require.LessOrEqual(t, sent, 1, "a state of %d bytes", wide)
		if sent == 0 {
			require.Contains(t, d.answers()[0], `"rejected","code":"too-large"`)
			rejected++
		}
	}
	require.Positive(t, rejected)
}

func TestReturnAddressThatIsNoneIsABadHeader(t *testing.T) {
	for _, address := range []string{"", "{", `{"topic":"shop.counter.events","id":"a","type":"T"}`, `{"topic":"x.commands","partition":-1,"id":"a","type":"T"}`, `{"topic":"x.commands","id":"a"}`} {
		d := newDesk(t)
		d.do(command("c1", "+1", asking("a", records.OnReply, address)...))
		require.Contains(t, d.answers()[0], `"rejected","code":"bad-header"`, address)
	}
}

func TestLoopOfSendsEndsAsADeadLetter(t *testing.T) {
	for _, change := range []func(*Definition){func(*Definition) {}, parks} {
		d := newDesk(t, change)
		d.do(command("c1", "+1 send=counter/c1", records.Hops, strconv.Itoa(entities.MaxHops)))
		require.Equal(t, "101", header(d.window.of(partitions.OutputSend)[0], records.Hops))
		d.do(command("c1", "+1 send=counter/c1", records.Hops, strconv.Itoa(entities.MaxHops+1)))
		require.Len(t, d.window.of(partitions.OutputSend), 1)
		d.deadLetter("hop-limit")
	}
}

func TestMessagesOverTheLimitFailTheirCommand(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.MaxRecordBytes = 300 })
	d.do(command("c1", "send=stock/apple", records.Correlation, string(make([]byte, 200))))
	d.deadLetter("size-limit")
}

func TestReleasedCommandThatCannotBeSentOnWaitsOn(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "+1 send=billing.refund/r1")))
	require.Equal(t, entities.FailureCode("unknown-target"), d.parked().Reason)
	d.do(order(records.Release, records.Order{Number: 7}))
	require.Equal(t, []string{`{"status":"accepted","sequence":0,"events":0,"reply":{"decided":0,"waiting":1,"reason":"unknown-target",` +
		`"message":"there is no topic billing.refund.commands: does context billing have an entity refund, and were its topics made (processor topics)?"}}`}, d.told())
	require.Empty(t, d.window.of(partitions.OutputEvent))
}

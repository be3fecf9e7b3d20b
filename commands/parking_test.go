package commands

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

func parks(d *Definition) { d.OnFailure = entities.Park }

// at gives a record its offset.
func at(offset int64, r partitions.Record) partitions.Record {
	r.Offset = offset
	return r
}

// order is what an operator asks of c1.
func order(operation string, o records.Order) partitions.Record {
	value, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return command("c1", string(value), records.Operation, operation, records.ReplyTopic, "operators")
}

// told are the answers to operators so far.
func (d *desk) told() []string {
	var list []string
	for _, r := range d.window.of(partitions.OutputReply) {
		if r.Topic == "operators" {
			list = append(list, string(r.Value))
		}
	}
	return list
}

func (d *desk) parked() *entities.Parked {
	d.t.Helper()
	s, ok := d.window.stored("c1")
	require.True(d.t, ok)
	return s.Parked
}

func TestFailingCommandParksItsEntity(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(5, command("c1", "+1")), at(7, command("c1", "bug", asking("a")...)), at(9, command("c1", "+2", asking("b")...)))

	require.Empty(t, d.answers())
	require.Empty(t, d.window.of(partitions.OutputDeadLetter))
	require.Equal(t, &entities.Parked{First: 7, Next: 9, SinceMS: 1_000_000, Reason: "behavior"}, d.parked())
	shown := d.window.of(partitions.OutputParked)
	require.Len(t, shown, 2)
	got := map[string]string{}
	for _, h := range shown[0].Headers {
		got[h.Key] = string(h.Value)
	}
	require.Equal(t, map[string]string{
		"ce_source": "app", "ce_id": "a", "kafka_replyTopic": "answers", "kafka_correlationId": "\x00\x01",
		"partita_reason": "behavior", "partita_message": "counter.star:7:1: a bug", "partita_sequence": "1", "partita_time": "1000000",
		"partita_source": fmt.Sprintf("shop.counter.commands/%d/7", shardOf("c1")), "partita_component": "counter", "partita_handler_version": "v7",
	}, got)
	require.Equal(t, []string{"shop.parked", "counter/7/c1", "bug"}, []string{shown[0].Topic, string(shown[0].Key), string(shown[0].Value)})
	require.Equal(t, shardOf("c1"), shown[0].Partition)
	require.Equal(t, int64(999_000), shown[0].Timestamp.UnixMilli())
	require.Equal(t, "untried", header(shown[1], records.DeadLetterReason))
	require.Equal(t, 1, d.window.counted(partitions.CommandParked, "behavior"))
	require.Equal(t, 1, d.window.counted(partitions.CommandParked, "untried"))
}

func TestReleasedCommandIsDecidedAsIfItHadJustCome(t *testing.T) {
	d := newDesk(t, parks)
	c := at(7, command("c1", "+3 bug"))
	c.Timestamp = time.UnixMilli(500_000)
	d.do(c)
	d.behavior.mended = true
	d.do(order(records.Release, records.Order{Number: 7}))

	events := d.window.of(partitions.OutputEvent)
	require.Len(t, events, 1)
	require.Equal(t, "1970-01-01T00:08:20.000Z", header(events[0], records.Time), "the time of the command, not of its release")
	require.Equal(t, fmt.Sprintf("shop.counter.commands/%d/7", shardOf("c1")), header(events[0], records.Causation))
	require.Equal(t, []string{`{"status":"accepted","sequence":1,"events":0,"reply":{"decided":1,"waiting":0}}`}, d.told())
	require.Nil(t, d.parked())
	kept, err := d.window.Get(entities.WaitingKey("c1", 7))
	require.NoError(t, err)
	require.Nil(t, kept, "it waits no more")
	shown := d.window.of(partitions.OutputParked)
	require.Len(t, shown, 2)
	require.Equal(t, shown[0].Key, shown[1].Key)
	require.Nil(t, shown[1].Value, "and is shown no more")
}

func TestDeadlineHoldsWhileACommandWaits(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")), at(8, command("c1", "+1", asking("b", records.Deadline, "1000500")...)))
	d.behavior.mended = true
	d.window.nowMS += 1000
	d.do(order(records.Release, records.Order{Number: 7}))
	require.Contains(t, d.answers()[0], `"code":"deadline-passed"`)
}

func TestSkippedCommandIsADeadLetterOfItsOwnFailure(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug", asking("a")...)), at(8, command("c1", "+1")))
	d.do(order(records.Skip, records.Order{Number: 7, Only: true}))
	dead := d.deadLetter(entities.BehaviorError)
	require.Equal(t, "counter.star:7:1: a bug", header(dead, records.DeadLetterMessage))
	require.Equal(t, fmt.Sprintf("shop.counter.commands/%d/7", shardOf("c1")), header(dead, records.DeadLetterSource))
	require.JSONEq(t, `{"status":"failed","code":"behavior","message":"counter.star:7:1: a bug","sequence":0}`, d.answers()[0])
	require.Equal(t, &entities.Parked{First: 8, Next: 9, SinceMS: 1_000_000, Reason: entities.Untried}, d.parked())
}

func TestOperationThatDoesNotFitIsDeclined(t *testing.T) {
	d := newDesk(t, parks)
	d.do(order(records.Release, records.Order{Number: 7}), at(7, command("c1", "bug")), order(records.Skip, records.Order{Number: 6}))
	require.Equal(t, []string{
		`{"status":"rejected","code":"not-parked","message":"counter/c1 is not parked: nothing waits","sequence":0}`,
		`{"status":"rejected","code":"wrong-number","message":"the first that waits is number 7, not 6: somebody else has been here, look again","sequence":0}`,
	}, d.told())
	require.EqualValues(t, 1, d.parked().Waiting())
	d.do(command("c1", `{"number":7}`, records.Operation, "destroy", records.ReplyTopic, "operators"))
	d.deadLetter(entities.Malformed)
	require.Contains(t, d.told()[2], `"status":"failed","code":"malformed","message":"partita_operation: \"destroy\" is none: want release or skip"`)
}

func TestLongReleaseGoesOnInOtherWindows(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(1, command("c1", "bug")))
	for i := range int64(449) {
		d.do(at(2+i, command("c1", "+1")))
	}
	d.behavior.mended = true
	d.do(at(500, order(records.Release, records.Order{By: "ann", Number: 1})), at(501, command("c1", "+1000")))
	for windows := 1; ; windows++ {
		continued := d.window.of(partitions.OutputForward)
		if len(continued) < windows {
			require.Equal(t, 3, windows, "450 commands, 200 at once")
			break
		}
		require.Empty(t, d.told())
		next := continued[windows-1]
		require.Equal(t, []string{"shop.counter.commands", "c1"}, []string{next.Topic, string(next.Key)})
		d.do(partitions.Record{Record: next})
	}
	require.Equal(t, []string{`{"status":"accepted","sequence":450,"events":0,"reply":{"decided":451,"waiting":0}}`}, d.told())
	events := d.window.of(partitions.OutputEvent)
	require.Equal(t, "+1000", string(events[len(events)-1].Value), "what came meanwhile is decided last")
}

// Whatever the broker refuses, an entity goes on or is parked: no window is decided over and over.

func TestCommandWhoseOutputTheBrokerRefusedIsParked(t *testing.T) {
	d := newDesk(t, parks)
	c := at(7, command("c1", "+1"))
	c.Refused = "shop.counter.events/0: INVALID_RECORD"
	d.do(c)
	require.Equal(t, entities.Refused, d.parked().Reason)
}

func TestCommandThatTheBrokerDoesNotLetWaitIsDeadLettered(t *testing.T) {
	for _, topic := range []string{"shop.parked", "shop.counter.changelog"} {
		d := newDesk(t, parks)
		c := at(8, command("c1", "+1"))
		c.Refused = topic + "/0: MESSAGE_TOO_LARGE"
		d.do(at(7, command("c1", "bug")), c, at(9, command("c1", "+1")))
		d.deadLetter(entities.Refused)
		require.EqualValues(t, 2, d.parked().Waiting(), "the others wait on")
	}
}

func TestCommandWithoutRoomToWaitIsDeadLettered(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug "+strings.Repeat(" ", 4000))), at(8, command("c1", "+1")))
	dead := d.deadLetter(entities.TooLargeToPark)
	require.Contains(t, header(dead, records.DeadLetterMessage), "it failed with behavior: counter.star:7:1: a bug")
	require.Len(t, d.window.of(partitions.OutputEvent), 1, "the entity goes on")
}

// The engine marks the operation, as it knows no other record. Commands are released one by one then, until the refused one is found.
func TestCommandOfWhichTheBrokerRefusesSomethingStaysParked(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")), at(8, command("c1", "+2")), at(9, command("c1", "+3")))
	d.behavior.mended = true
	o := order(records.Release, records.Order{By: "ann", Number: 7})
	o.Refused = "shop.counter.events/0: INVALID_RECORD"
	d.do(o)
	require.Empty(t, d.window.of(partitions.OutputEvent))
	d.do(d.continued(0, ""))
	require.Equal(t, []string{"7"}, d.values("bug"), "one alone")
	d.do(d.continued(1, "shop.counter.events/0: INVALID_RECORD"))
	require.Equal(t, &entities.Parked{First: 8, Next: 10, SinceMS: 1_000_000, Reason: entities.Refused}, d.parked())
	require.Equal(t, []string{`{"status":"accepted","sequence":0,"events":0,"reply":{"decided":1,"waiting":2,"reason":"refused","message":` +
		`"the broker refuses what the command leads to: shop.counter.events/0: INVALID_RECORD"}}`}, d.told())
	before := len(d.window.of(partitions.OutputParked))
	require.Equal(t, 4, before, "what was refused may have been the record that shows it, so it is not written again")
}

func TestRefusedReplyOfAReleasedCommandIsItsOwn(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")), at(8, command("c1", "+2", asking("b")...)), at(9, command("c1", "+3", asking("c")...)))
	d.behavior.mended = true
	o := order(records.Release, records.Order{Number: 7})
	o.ReplyRefused = true
	d.do(o)
	d.do(d.continued(0, ""))
	second := d.continued(1, "")
	second.ReplyRefused = true
	d.do(second)
	d.do(d.continued(2, ""))
	var answered []string
	for _, r := range d.window.of(partitions.OutputReply) {
		answered = append(answered, r.Topic)
	}
	require.Equal(t, []string{"answers", "operators"}, answered, "the answer to the second is dropped, that to the third is not")
	require.Nil(t, d.parked())
}

// continued is the n-th operation that the task put into the log for itself, and what the broker refused of it.
func (d *desk) continued(n int, refused string) partitions.Record {
	d.t.Helper()
	all := d.window.of(partitions.OutputForward)
	require.Len(d.t, all, n+1)
	return partitions.Record{Record: all[n], Refused: refused}
}

// values are the numbers of waiting commands that have gone and whose value was this.
func (d *desk) values(value string) []string {
	var numbers []string
	shown := map[string]string{}
	for _, r := range d.window.of(partitions.OutputParked) {
		if r.Value == nil && shown[string(r.Key)] == value {
			id, err := records.ParseWaitingID(string(r.Key))
			require.NoError(d.t, err)
			numbers = append(numbers, fmt.Sprint(id.Number))
		}
		shown[string(r.Key)] = string(r.Value)
	}
	return numbers
}

func TestEntityWhoseStateCannotBeReadIsParked(t *testing.T) {
	d := newDesk(t, parks)
	s := entities.Stored{Fingerprint: 0xBAD, Sequence: 3, State: []byte("?")}
	d.window.store["c1"] = s.Append(nil)
	d.do(at(7, command("c1", "+1")))
	require.EqualValues(t, 1, d.parked().Waiting())
	stored, _ := d.window.stored("c1")
	require.Equal(t, []any{int64(3), "?"}, []any{stored.Sequence, string(stored.State)}, "it is not written over")
}

func TestWhatHasNoKeyToWaitUnderIsDeadLettered(t *testing.T) {
	d := newDesk(t, parks)
	c := command("c1", "+1")
	c.Key = entities.WaitingKey("c1", 7)
	d.do(c)
	d.deadLetter(entities.Malformed)
	c = command("c1", "+1")
	c.Key = nil
	d.do(c)
	require.Len(t, d.window.of(partitions.OutputDeadLetter), 2)
}

// A folder may go back to dead letters while something is parked: it stays so until it is released, and what fails then goes to the dead letters.
func TestWhatWaitsIsReleasedUnderTheOtherPolicyToo(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")), at(8, command("c1", "+2")))
	d.processor.definition.OnFailure = entities.DeadLetter
	d.do(at(9, command("c1", "+3")))
	require.EqualValues(t, 3, d.parked().Waiting())
	d.do(order(records.Release, records.Order{Number: 7}))
	d.deadLetter(entities.BehaviorError)
	require.Len(t, d.window.of(partitions.OutputEvent), 2)
	require.Nil(t, d.parked())
}

func TestWaitingCommandOfANewerFormatWaitsOn(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")))
	d.window.overlay[string(entities.WaitingKey("c1", 7))] = []byte{9, 'x'}
	d.behavior.mended = true
	d.do(order(records.Release, records.Order{Number: 7}))
	require.Contains(t, d.told()[0], `"waiting":1,"reason":"malformed","message":"the waiting command 7 of c1 cannot be read: waiting command of format 9`)
	d.do(order(records.Skip, records.Order{Number: 7}))
	require.Equal(t, "\x09x", string(d.deadLetter(entities.Malformed).Value))
}

func TestTombstoneThatWaitsIsShown(t *testing.T) {
	d := newDesk(t, parks)
	c := at(7, command("c1", "bug"))
	d.do(c)
	c = at(8, command("c1", ""))
	c.Value = nil
	d.do(c)
	shown := d.window.of(partitions.OutputParked)
	require.NotNil(t, shown[1].Value, "or compaction would take it away")
}

func TestStoreThatFailsEndsARelease(t *testing.T) {
	d := newDesk(t, parks)
	d.do(at(7, command("c1", "bug")))
	d.window.getFails = errDisk
	require.ErrorIs(t, d.processor.Process(d.window, []partitions.Record{order(records.Release, records.Order{Number: 7})}), errDisk)
}

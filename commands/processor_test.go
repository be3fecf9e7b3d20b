package commands

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// A desk is a processor on a fake window: commands in, what comes of them out.
type desk struct {
	t         *testing.T
	processor *processor
	window    *window
	behavior  *counter
}

func newDesk(t *testing.T, change ...func(*Definition)) *desk {
	t.Helper()
	b := &counter{}
	d := Definition{
		Topics: shopTopics, Name: "counter", Behavior: b, Remember: entities.DefaultRemember, Version: "v7",
		MaxRecordBytes: 4096, CacheBytes: 1 << 20, ReleaseCommands: defaultReleaseCommands,
	}
	for _, c := range change {
		c(&d)
	}
	return &desk{t: t, processor: newProcessor(t.Context(), d, shardOf("c1")), window: newWindow(), behavior: b}
}

func (d *desk) do(recs ...partitions.Record) {
	d.t.Helper()
	require.NoError(d.t, d.processor.Process(d.window, recs))
}

// answers are those so far, as text.
func (d *desk) answers() []string {
	var list []string
	for _, r := range d.window.of(partitions.OutputReply) {
		list = append(list, string(r.Value))
	}
	return list
}

// deadLetter is the only one so far.
func (d *desk) deadLetter(reason entities.FailureCode) *kgo.Record {
	d.t.Helper()
	dead := d.window.of(partitions.OutputDeadLetter)
	require.Len(d.t, dead, 1)
	require.Equal(d.t, string(reason), header(dead[0], records.DeadLetterReason))
	require.Equal(d.t, 1, d.window.counted(partitions.DeadLettered, string(reason)))
	require.Equal(d.t, "shop.dead-letters", dead[0].Topic)
	return dead[0]
}

func TestAcceptedCommandWritesEventsStateAndAnswer(t *testing.T) {
	d := newDesk(t)
	c := command("c1", `+2 +3 reply={"n":5}`, asking("a", records.TraceParent, "00-1-2-01", records.Correlation, "first")...)
	d.do(c)

	events := d.window.of(partitions.OutputEvent)
	require.Len(t, events, 2)
	got := map[string]string{}
	for _, h := range events[1].Headers {
		got[h.Key] = string(h.Value)
	}
	require.Equal(t, map[string]string{
		"ce_specversion": "1.0", "ce_id": "counter/c1/2", "ce_type": "Added", "ce_source": "shop", "ce_subject": "c1",
		"ce_time": "1970-01-01T00:16:39.000Z", "content-type": "text/plain", "partita_sequence": "2", "partita_causation": "app/a",
		"partita_correlation": "first", "traceparent": "00-1-2-01",
	}, got)
	require.Equal(t, "counter/c1/1", header(events[0], records.ID))
	require.Equal(t, []string{"shop.counter.events", "c1", "+3"}, []string{events[1].Topic, string(events[1].Key), string(events[1].Value)})
	require.Equal(t, shardOf("c1"), events[1].Partition)

	s, _ := d.window.stored("c1")
	require.Equal(t, int64(2), s.Sequence)
	require.Equal(t, int64(999_000), s.EventTimeMS)
	require.Equal(t, "5", string(s.State))

	require.Equal(t, []string{`{"status":"accepted","sequence":2,"events":2,"reply":{"n":5}}`}, d.answers())
	reply := d.window.of(partitions.OutputReply)[0]
	require.Equal(t, "\x00\x01", header(reply, records.CorrelationID))
	require.Equal(t, "application/json", header(reply, records.ContentType))
	require.Equal(t, 2, d.window.counted(partitions.EventEmitted, ""))
	require.Equal(t, 1, d.window.counted(partitions.CommandDecided, "accepted"))
}

func TestCauseOfUnnamedCommandIsItsPlace(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "+1")
	c.Offset = 77
	d.do(c)
	event := d.window.of(partitions.OutputEvent)[0]
	want := records.Place{TopicPartition: records.TopicPartition{Topic: c.Topic, Partition: c.Partition}, Offset: 77}.String()
	require.Equal(t, want, header(event, records.Causation))
	require.Equal(t, want, header(event, records.Correlation))
}

func TestFullNameOfCommandMeansItsLastPart(t *testing.T) {
	q := newDesk(t).processor.reader.understand(new(command("c1", "", records.Type, "org.example.AddItem")))
	require.Equal(t, "AddItem", q.command.Type)
}

func TestTimeOfRecordWithoutTimestamp(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "+1")
	c.Timestamp = time.UnixMilli(-1)
	d.do(c)
	require.Equal(t, "1969-12-31T23:59:59.999Z", header(d.window.of(partitions.OutputEvent)[0], records.Time))
}

// Bad input, and what it gets.

func TestRecordWithoutKeyIsDeadLettered(t *testing.T) {
	for _, key := range [][]byte{nil, {}} {
		d := newDesk(t)
		c := command("c1", "+1", asking("a")...)
		c.Key = key
		d.do(c, command("c1", "+1"))
		d.deadLetter(entities.NoKey)
		require.Contains(t, d.answers()[0], `{"status":"failed","code":"no-key","message":"the record has no key`)
		require.Len(t, d.window.of(partitions.OutputEvent), 1, "the next record goes on")
	}
}

func TestKeyOverOneKiBIsDeadLettered(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "+1", asking("a")...)
	c.Key = []byte(strings.Repeat("k", 1025))
	d.do(c)
	require.Len(t, d.deadLetter(entities.KeyTooLong).Key, 1025)
	require.Contains(t, d.answers()[0], "key-too-long")
}

func TestKeyOfOneKiBIsAnID(t *testing.T) {
	d := newDesk(t)
	id := strings.Repeat("k", 1024)
	d.processor.shard = shardOf(id)
	d.do(command(id, "+1"))
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
}

func TestFailureIsDeadLetteredAndTheEntityGoesOn(t *testing.T) {
	for _, code := range []entities.FailureCode{
		entities.Malformed, entities.UnknownType, entities.UnknownSchema, entities.BehaviorError, entities.StepLimit, entities.SizeLimit,
	} {
		for _, keeps := range []bool{false, true} {
			d := newDesk(t)
			d.behavior.keeps = keeps
			bad := command("c1", "+9 fail="+string(code), asking("b", "x-mine", "kept")...)
			d.do(command("c1", "+2"), bad, command("c1", "+3"))

			dead := d.deadLetter(code)
			require.Equal(t, []string{"c1", string(bad.Value)}, []string{string(dead.Key), string(dead.Value)})
			require.Equal(t, "kept", header(dead, "x-mine"))
			require.Equal(t, "counter.star:3:5: "+string(code), header(dead, records.DeadLetterMessage))
			require.Equal(t, "counter", header(dead, records.DeadLetterComponent))
			require.Equal(t, "v7", header(dead, records.DeadLetterHandler))
			require.Equal(t, "1", header(dead, records.Sequence))
			require.Equal(t, "1000000", header(dead, records.DeadLetterTime))
			place, err := records.ParsePlace(header(dead, records.DeadLetterSource))
			require.NoError(t, err)
			require.Equal(t, records.Offset(bad.Offset), place.Offset)

			require.Equal(t, []string{`{"status":"failed","code":"` + string(code) + `","message":"counter.star:3:5: ` + string(code) + `","sequence":1}`},
				d.answers())
			s, _ := d.window.stored("c1")
			require.Equal(t, "5", string(s.State), "state unchanged by what failed")
			require.Equal(t, int64(2), s.Sequence)
		}
	}
}

func TestFailedCommandMayBeSentAgain(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "fail=behavior", asking("a")...), command("c1", "+1", asking("a")...))
	require.Contains(t, d.answers()[1], "accepted")
}

func TestTooLargeIsRejectedAndStateUnchanged(t *testing.T) {
	for name, script := range map[string]string{"event": "+1 pad=4000", "state": "wide=4090 +1"} {
		for _, keeps := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				d := newDesk(t)
				d.behavior.keeps = keeps
				d.do(command("c1", "+2"), command("c1", script, asking("b")...), command("c1", "+3"), command("c1", script, asking("b")...))
				answers := d.answers()
				require.Contains(t, answers[0], `{"status":"rejected","code":"too-large","message":"`)
				require.Contains(t, answers[0], `"sequence":1}`)
				require.Equal(t, strings.TrimSuffix(answers[0], "}")+`,"repeated":true}`, answers[1])
				s, _ := d.window.stored("c1")
				require.Equal(t, "5", string(s.State))
				require.Equal(t, int64(2), s.Sequence)
				require.Empty(t, d.window.of(partitions.OutputDeadLetter))
			})
		}
	}
}

func TestHeaderThatIsNoNumberIsRejected(t *testing.T) {
	for _, key := range []string{records.ExpectedSequence, records.Deadline, records.ReplyPartition} {
		for _, value := range []string{"", "x", "-1", "1.5", "99999999999999999999"} {
			d := newDesk(t)
			d.do(command("c1", "+1", asking("a", key, value)...))
			require.Contains(t, d.answers()[0], `{"status":"rejected","code":"bad-header","message":"`+key)
			require.Empty(t, d.window.of(partitions.OutputEvent))
		}
	}
}

func TestDeadlinePassed(t *testing.T) {
	for deadline, want := range map[string]string{"0": "deadline-passed", "999999": "deadline-passed", "1000000": "accepted", "1000001": "accepted"} {
		d := newDesk(t)
		d.do(command("c1", "+1", asking("a", records.Deadline, deadline)...))
		require.Contains(t, d.answers()[0], want, deadline)
	}
}

func TestExpectedSequence(t *testing.T) {
	d := newDesk(t)
	d.do(
		command("c1", "+1", asking("a", records.ExpectedSequence, "0")...),
		command("c1", "+1", asking("b", records.ExpectedSequence, "0")...),
		command("c1", "+1", asking("c", records.ExpectedSequence, "1")...))
	require.Equal(t, []string{
		`{"status":"accepted","sequence":1,"events":1}`,
		`{"status":"rejected","code":"wrong-sequence","message":"expected sequence 0, it is 1","sequence":1}`,
		`{"status":"accepted","sequence":2,"events":1}`,
	}, d.answers())
}

func TestDuplicateGetsFirstAnswerAgain(t *testing.T) {
	d := newDesk(t)
	scripts := map[string]string{"a": `+1 reply="yes"`, "b": "reject=closed", "c": `reply=7`}
	for _, id := range []string{"a", "b", "c"} {
		// The second one is in the same batch as the first.
		d.do(command("c1", scripts[id], asking(id)...), command("c1", scripts[id], asking(id)...))
	}
	d.window.commit()
	d.processor.Dropped()
	puts := d.window.puts
	for _, id := range []string{"a", "b", "c"} {
		d.do(command("c1", "+100", asking(id, records.ExpectedSequence, "7", records.Deadline, "none")...))
	}
	first := []string{
		`{"status":"accepted","sequence":1,"events":1,"reply":"yes"}`,
		`{"status":"rejected","code":"closed","message":"no: closed","sequence":1}`,
		`{"status":"accepted","sequence":1,"events":0,"reply":7}`,
	}
	var want []string
	repeated := make([]string, len(first))
	for i, a := range first {
		repeated[i] = strings.TrimSuffix(a, "}") + `,"repeated":true}`
		want = append(want, a, repeated[i])
	}
	require.Equal(t, append(want, repeated...), d.answers())
	require.Equal(t, 6, d.window.counted(partitions.CommandDecided, "repeated"))
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
	require.Equal(t, puts, d.window.puts)
}

func TestSameIDOfAnotherSourceIsAnotherCommand(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1", records.Source, "a", records.ID, "bc"), command("c1", "+1", records.Source, "ab", records.ID, "c"))
	require.Len(t, d.window.of(partitions.OutputEvent), 2)
}

func TestUnnamedCommandWithoutEventsCostsNoEntry(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "reply=1"), command("c1", "reject=no"), command("c1", "fail=behavior"), command("c1", "+1", records.ExpectedSequence, "9"))
	require.Zero(t, d.window.puts)
}

func TestReplyTopicThatMayNotBeIsCounted(t *testing.T) {
	for _, headers := range [][]string{
		{records.ReplyTopic, "shop.counter.events"}, {records.ReplyTopic, "answers", records.ReplyPartition, "4"},
	} {
		d := newDesk(t)
		d.do(command("c1", "+1", headers...))
		require.Empty(t, d.answers())
		require.Equal(t, 1, d.window.counted(partitions.ReplyDropped, ""))
		require.Len(t, d.window.of(partitions.OutputEvent), 1, "the command runs")
	}
}

func TestReplyThatTheBrokerRefusedIsNotProducedAgain(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "+1", asking("a")...)
	c.ReplyRefused = true
	d.do(c)
	require.Empty(t, d.answers())
	require.Equal(t, 1, d.window.counted(partitions.ReplyDropped, ""))
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
}

func TestAnswerThatIsTooLargeIsDropped(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1", asking("a", records.CorrelationID, strings.Repeat("x", 5000))...))
	require.Empty(t, d.answers())
	require.Equal(t, 1, d.window.counted(partitions.ReplyDropped, ""))
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
}

func TestCommandWhoseOutputTheBrokerRefusedIsDeadLettered(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "+1", asking("a")...)
	c.Refused = "shop.counter.events/0: INVALID_RECORD"
	d.do(c, command("c1", "+1"))
	require.Contains(t, header(d.deadLetter(entities.Refused), records.DeadLetterMessage), "INVALID_RECORD")
	require.Contains(t, d.answers()[0], `{"status":"failed","code":"refused"`)
	require.Len(t, d.window.of(partitions.OutputEvent), 1)
}

// strayID is an id whose shard is not that of c1.
func strayID() string {
	id := "s"
	for shardOf(id) == shardOf("c1") {
		id += "s"
	}
	return id
}

func TestCommandOnAForeignPartitionIsForwardedOnce(t *testing.T) {
	d := newDesk(t)
	c := command(strayID(), "+1", records.ReplyTopic, "answers", "x-mine", "kept")
	c.Partition = shardOf("c1")
	d.do(c)
	out := d.window.of(partitions.OutputForward)
	require.Len(t, out, 1)
	place := records.Place{TopicPartition: records.TopicPartition{Topic: c.Topic, Partition: c.Partition}, Offset: records.Offset(c.Offset)}.String()
	want := append(append([]kgo.RecordHeader{}, c.Headers...),
		kgo.RecordHeader{Key: records.Forwarded, Value: []byte(place)}, kgo.RecordHeader{Key: records.ID, Value: []byte(place)})
	require.Equal(t, &kgo.Record{
		Topic: c.Topic, Partition: shardOf(string(c.Key)), Key: c.Key, Value: c.Value, Headers: want, Timestamp: c.Timestamp,
	}, out[0])
	require.Equal(t, 1, d.window.counted(partitions.CommandForwarded, ""))
	require.Empty(t, d.answers(), "its owner answers")
	require.Len(t, c.Headers, 2)
}

func TestForwardedCommandKeepsItsID(t *testing.T) {
	d := newDesk(t)
	c := command(strayID(), "+1", asking("mine")...)
	d.do(c)
	require.Equal(t, "mine", header(d.window.of(partitions.OutputForward)[0], records.ID))
}

func TestCommandForwardedAndStillWrongIsDeadLettered(t *testing.T) {
	d := newDesk(t)
	d.do(command(strayID(), "+1", asking("a", records.Forwarded, "shop.counter.commands/0/1")...))
	d.deadLetter(entities.Misrouted)
	require.Empty(t, d.window.of(partitions.OutputForward))
	require.Contains(t, d.answers()[0], "misrouted")
}

func TestUnreadableEntityIsNeverWrittenOver(t *testing.T) {
	unknownSchema := entities.Stored{Fingerprint: 9, Sequence: 4, State: []byte("1")}
	for name, value := range map[string][]byte{
		"garbage": {1, 2, 3}, "newer format": {2, 0, 0}, "state of an unknown schema": unknownSchema.Append(nil),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.window.store["c1"] = value
			d.do(command("c1", "+1", asking("a")...), command("c1", "+1", asking("b")...))
			require.Len(t, d.window.of(partitions.OutputDeadLetter), 2)
			require.Contains(t, d.answers()[0], `"code":"behavior","message":"the stored state of c1 cannot be read`)
			require.Zero(t, d.window.puts)
			require.Empty(t, d.window.of(partitions.OutputEvent))
		})
	}
}

func TestDeletedEntityLeavesAStubAndSequencesGoOn(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+5", asking("a")...), command("c1", "+1 delete", asking("b")...))
	events := d.window.of(partitions.OutputEvent)
	require.Equal(t, "true", header(events[1], records.Deletes))
	require.Empty(t, header(events[0], records.Deletes))
	s, ok := d.window.stored("c1")
	require.True(t, ok)
	require.Empty(t, s.State)
	require.Equal(t, int64(2), s.Sequence)
	require.Len(t, s.Outcomes, 2)

	d.do(command("c1", "+7"), command("c1", "+1", asking("a")...))
	s, _ = d.window.stored("c1")
	require.Equal(t, "7", string(s.State))
	require.Equal(t, int64(3), s.Sequence)
	require.Contains(t, d.answers()[2], `"repeated":true`)
}

func TestDeadLetterOfALargeRecordFits(t *testing.T) {
	d := newDesk(t)
	c := command("c1", "fail=malformed "+strings.Repeat("x", 4000), "x-mine", strings.Repeat("h", 500))
	d.do(c)
	dead := d.deadLetter(entities.Malformed)
	require.LessOrEqual(t, recordBytes(dead), 4096)
	require.Equal(t, "4015", header(dead, records.DeadLetterTruncated))
	require.Equal(t, "c1", string(dead.Key))
	require.Len(t, header(dead, "x-mine"), 500)
	require.NotEmpty(t, dead.Value)
}

func TestStoreThatFailsStopsTheShardAndCachesNothing(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1"))
	d.window.commit()
	other := "c1x"
	for shardOf(other) != shardOf("c1") {
		other += "x"
	}
	d.window.getFails = errDisk
	recs := []partitions.Record{command("c1", "+1"), command(other, "+1")}
	require.ErrorIs(t, d.processor.Process(d.window, recs), errDisk)
	require.Empty(t, d.processor.waiting)
	require.Zero(t, d.processor.cache.Bytes())

	d.window.getFails = nil
	d.do(recs...)
	s, _ := d.window.stored("c1")
	require.Equal(t, int64(2), s.Sequence)
}

func TestHotEntityIsNotDecodedAgain(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1"))
	d.window.commit()
	d.processor.Dropped()
	for range 10 {
		d.do(command("c1", "+1"))
		d.window.commit()
	}
	require.Equal(t, 1, d.behavior.decoded)
}

func TestCommandsOfDifferentEntitiesAreDecidedTogether(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.Topics.Partitions = 1 })
	d.processor.shard = 0
	d.do(command("a", "+1"), command("b", "+1"), command("c", "+1"), command("a", "+1"))
	require.Equal(t, 3, d.behavior.together)
}

func TestCacheStaysWithinItsBoundsDuringOneBatch(t *testing.T) {
	d := newDesk(t, func(d *Definition) { d.CacheBytes, d.Topics.Partitions = 8<<10, 1 })
	d.processor.shard = 0
	var recs []partitions.Record
	for i := range 500 {
		recs = append(recs, command(strings.Repeat("e", 1+i), "+1"))
	}
	d.do(recs...)
	require.Less(t, d.behavior.together, 30)
	require.LessOrEqual(t, d.processor.cache.Bytes(), 8<<10)
	require.Len(t, d.window.of(partitions.OutputEvent), 500)
}

func TestPayloadWaitsForWhatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		d := newDesk(t, func(d *Definition) {
			d.Prepare = func(_ context.Context, payload entities.Payload) error {
				switch tries++; {
				case tries <= 10:
					return errDisk
				case string(payload.Data) == "bad":
					return &entities.Failure{Code: entities.UnknownSchema, Message: "no schema with id 5"}
				}
				return nil
			}
		})
		start := time.Now()
		d.do(command("c1", "+1", asking("a")...), command("c1", "bad", asking("b")...))
		require.Greater(t, time.Since(start), 10*time.Second)
		require.Equal(t, 12, tries)
		require.Contains(t, d.answers()[0], "accepted")
		d.deadLetter(entities.UnknownSchema)
	})
}

func TestPreparationEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := newDesk(t, func(d *Definition) {
		d.Prepare = func(context.Context, entities.Payload) error { return errDisk }
	})
	d.processor.ctx = ctx
	require.ErrorIs(t, d.processor.Process(d.window, []partitions.Record{command("c1", "+1")}), context.Canceled)
	require.Empty(t, d.window.outputs)
}

func TestTheCacheCountsWhatEntitiesHaveBecome(t *testing.T) {
	d := newDesk(t)
	d.do(command("c1", "+1"))
	before := d.processor.cache.Bytes()
	d.do(command("c1", "+1 wide=500"))
	wider := d.processor.cache.Bytes()
	require.GreaterOrEqual(t, wider, before+500)
	d.do(command("c1", "+1 reply="+strings.Repeat("7", 250), asking("first")...))
	require.GreaterOrEqual(t, d.processor.cache.Bytes(), wider+400, "answers that are remembered are held too")
}

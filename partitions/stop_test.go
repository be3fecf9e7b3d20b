package partitions

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/client"
	"github.com/partita-io/partita/kafka/records"
)

// offsets are records of one partition.
func offsets(from, to int64) []Record {
	var list []Record
	for at := from; at < to; at++ {
		list = append(list, Record{Record: &kgo.Record{Topic: "t", Offset: at}})
	}
	return list
}

func TestWhatComesAfterTheRecordThatATaskStopsBeforeIsTakenOutOfTheWindow(t *testing.T) {
	for _, c := range []struct {
		before  int64
		decided records.Position
		left    int
	}{{5, 5, 0}, {6, 6, 1}, {7, 7, 2}, {8, 8, 3}, {9, 9, 4}} {
		stopping, other := &task{shard: &shard{}}, &task{shard: &shard{}}
		first := &input{task: stopping, decided: 5, TopicPartition: records.TopicPartition{Topic: "t"}}
		second := &input{task: stopping, decided: 7, TopicPartition: records.TopicPartition{Topic: "u"}}
		third := &input{task: other, decided: 5, TopicPartition: records.TopicPartition{Topic: "t"}}
		l := &lane{open: newWindow(records.Window{}, time.Now())}
		for _, r := range l.assign([]batch{
			{input: third, records: offsets(5, 10), from: 5, to: 10, bytes: 50},
			{input: first, records: offsets(5, 8), from: 5, to: 8, bytes: 30},
			{input: first, records: offsets(8, 10), from: 8, to: 10, bytes: 20},
			{input: second, records: offsets(7, 9), from: 7, to: 9, bytes: 20},
		}) {
			for i := range r.work {
				r.work[i].decided = len(r.work[i].batch.records)
			}
			require.Empty(t, l.open.enter(r, nil))
		}
		l.open.cutOff(stopping, &Record{Record: &kgo.Record{Topic: "t", Offset: c.before}})
		require.Equal(t, []records.Position{c.decided, 7, 10}, []records.Position{first.decided, second.decided, third.decided})
		require.Equal(t, 5+c.left, l.open.records)
		require.Equal(t, 50+10*c.left, l.open.bytes)
		require.Equal(t, c.left == 0, l.open.byTask[stopping] == nil)
		require.Equal(t, c.left == 0, stopping.open == nil)
		kept := 0
		for _, p := range l.open.parts {
			if p.task == stopping {
				for _, b := range p.batches {
					kept += len(b.records)
				}
			}
		}
		require.Equal(t, c.left, kept)
	}
}

func TestATaskThatIsWithdrawnLeavesNothingInTheQueue(t *testing.T) {
	consumer, err := client.NewConsumer(client.Config{Brokers: []string{"127.0.0.1:1"}})
	require.NoError(t, err)
	defer consumer.Close()
	leaving, other := &task{}, &task{}
	in, its := &input{task: leaving}, &input{task: other}
	leaving.inputs = []*input{in}
	l := &lane{consumer: consumer, readers: map[records.TopicPartition][]*input{{}: {in, its}}, backlog: []batch{{input: in}, {input: its}, {input: in}}}
	l.withdraw(leaving)
	require.Equal(t, []batch{{input: its}}, l.backlog)
	require.Equal(t, []*input{its}, l.readers[records.TopicPartition{}])
}

// copiesUpTo are the keys of the partition's commands before the first of one key.
func (b *bubble) copiesUpTo(key string, partition int32) []string {
	keys := []string{}
	for _, r := range b.readAll("counter.commands") {
		if r.Partition != partition {
			continue
		}
		if string(r.Key) == key {
			break
		}
		keys = append(keys, string(r.Key))
	}
	return keys
}

func keysOn(recs []*kgo.Record, partition int32) []string {
	keys := []string{}
	for _, r := range recs {
		if r.Partition == partition {
			keys = append(keys, string(r.Key))
		}
	}
	return keys
}

// A task stops before a record: what came before is committed, nothing after it is looked at, all others go on. Mended and started anew it goes on there.
func TestATaskStopsBeforeARecordAndGoesOnWhenItIsMended(t *testing.T) {
	for _, key := range []string{"k0", "k7", "k19"} { // k0 is the first record of all.
		t.Run(key, func(t *testing.T) {
			inBubble(t, 2, func(b *bubble) {
				b.createCopies(2)
				broken := noneBroken()
				broken.Store(key)
				shard := records.Partition([]byte(key), 2)
				a := b.begin("a", b.component(), b.copying(broken))
				b.command(3)
				b.awaitAll()
				a.await(b.t, func(l *log) bool { return len(l.stopped) == 1 })
				b.command(3)
				b.awaitAll()
				pass(time.Minute)
				require.Equal(b.t, []error{errBroken{key}}, a.events.stopped)
				copies := b.readAll("copies")
				require.Equal(b.t, b.copiesUpTo(key, shard), keysOn(copies, shard))
				require.Len(b.t, keysOn(copies, 1-shard), len(keysOn(b.readAll("counter.commands"), 1-shard)))
				a.leave(b.t)

				a = b.begin("a", b.component(), b.copying(broken))
				a.await(b.t, func(l *log) bool { return len(l.stopped) == 1 })
				a.leave(b.t)
				broken.Store("")
				b.begin("a", b.component(), b.copying(broken))
				b.command(1)
				b.awaitAll()
				b.awaitCopies(2)
			})
		})
	}
}

// The window in which a task stops fails at any moment: it is decided again, and the task stops at the same record.
func TestATaskStopsInAWindowThatFails(t *testing.T) {
	for _, m := range moments() {
		t.Run(m.String(), func(t *testing.T) {
			inBubble(t, 2, func(b *bubble) {
				b.createCopies(2)
				broken := noneBroken()
				a := b.begin("a", b.component(), b.copying(broken))
				b.command(1)
				b.awaitAll()
				broken.Store("k7")
				sprung := a.wire.at(m, func(c *wireConn) { _ = c.Close() })
				b.command(3)
				<-sprung
				b.awaitAll()
				a.await(b.t, func(l *log) bool { return len(l.stopped) > 0 })
				pass(time.Minute)
				shard := records.Partition([]byte("k7"), 2)
				commands, copies := keysOn(b.readAll("counter.commands"), shard), keysOn(b.readAll("copies"), shard)
				require.Equal(b.t, commands[:len(copies)], copies)
				require.Equal(b.t, "k7", commands[len(copies)])
				a.leave(b.t)
				broken.Store("")
				b.begin("a", b.component(), b.copying(broken))
				b.awaitCopies(2)
			})
		})
	}
}

// A window fails for what the broker refuses, and is decided again in parts. The task stops in one of them: those that wait behind it are not for it.
func TestATaskStopsWhileItsRecordsAreDecidedInParts(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.createCopies(1)
		b.command(3)
		p := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer p.Close()
		value := make([]byte, 30_000)
		_, _ = rand.NewChaCha8([32]byte{}).Read(value) // Which cannot be compressed.
		large := &kgo.Record{Topic: b.name + ".counter.commands", Key: []byte("large"), Value: value}
		require.NoError(b.t, p.ProduceSync(b.t.Context(), large).FirstErr())
		broken := noneBroken()
		copying := b.copying(broken)
		copying.New = func(int32) Processor { return &copier{topic: b.name + ".copies", broken: broken, breaks: "k7"} }
		a := b.begin("a", b.component(), copying)
		b.awaitAll()
		b.awaitRecords("counter.dead", 1)
		pass(time.Minute)
		require.Equal(b.t, []error{errBroken{"k7"}}, a.events.stopped)
		require.Equal(b.t, b.copiesUpTo("k7", 0), keysOn(b.readAll("copies"), 0))
		a.leave(b.t)
		broken.Store("")
		b.begin("a", b.component(), b.copying(broken))
		b.awaitRecords("copies", b.count()+1)
		require.Equal(b.t, keysOn(b.readAll("counter.commands"), 0), keysOn(b.readAll("copies"), 0))
	})
}

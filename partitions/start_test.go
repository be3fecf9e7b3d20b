package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// relay is a processor without a store: what it is given it produces to a topic that nobody else writes to here.
type relay struct{ topic string }

func (c relay) Process(w Window, recs []Record) error {
	for i := range recs {
		w.Produce(&recs[i], OutputSend, &kgo.Record{Topic: c.topic, Key: recs[i].Key, Value: recs[i].Value})
	}
	return nil
}

func (relay) Dropped() {}

// elsewhere is a topic that is not of the context.
const elsewhere = "elsewhere"

func (b *bubble) relaying(start Start) []Component {
	return []Component{b.component(), {
		Name: "relay", Side: WriteSide, Inputs: []Input{{Topic: elsewhere, Start: start}},
		New: func(int32) Processor { return relay{b.name + ".counter.dead"} },
	}}
}

func (b *bubble) createElsewhere() {
	_, err := b.adm.CreateTopic(b.t.Context(), 3, 1, nil, elsewhere)
	require.NoError(b.t, err)
}

// happens writes records elsewhere, each a second after the one before.
func (b *bubble) happens(values ...string) {
	p := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer p.Close()
	for i, value := range values {
		pass(time.Second)
		require.NoError(b.t, p.ProduceSync(b.t.Context(), &kgo.Record{Topic: elsewhere, Partition: int32(i % 3), Value: []byte(value)}).FirstErr())
	}
}

func (b *bubble) awaitRelayed(want ...string) {
	b.t.Helper()
	var got []string
	for _, r := range b.awaitRecords("counter.dead", len(want)) {
		got = append(got, string(r.Value))
	}
	require.ElementsMatch(b.t, want, got)
}

// What begins with the newest must know where that was after a restart, also when nothing came meanwhile: else what came while it was away is lost.
func TestWhatBeginsWithTheNewestMissesNothingAfterARestart(t *testing.T) {
	for what, before := range map[string][]string{"behind records": {"old", "older"}, "of an empty topic": nil} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, 2, func(b *bubble) {
				b.createElsewhere()
				b.happens(before...)
				a := b.begin("a", b.relaying(Start{From: FromLatest})...)
				a.awaitRunning(b.t, 2)
				pass(time.Second)
				a.die()
				a.bury()
				b.happens("x", "y", "z")
				b.begin("a", b.relaying(Start{From: FromLatest})...)
				b.awaitRelayed("x", "y", "z")
				b.command(1)
			})
		})
	}
}

func TestWhatBeginsWithTheOldestBeginsWithWhatIsThere(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createElsewhere()
		b.happens("gone", "b", "c", "d")
		offsets, err := b.adm.ListStartOffsets(b.t.Context(), elsewhere)
		require.NoError(b.t, err)
		first := offsets.Offsets()
		for at, o := range first[elsewhere] {
			o.At = 0
			if at == 0 {
				o.At = 1
			}
			first[elsewhere][at] = o
		}
		_, err = b.adm.DeleteRecords(b.t.Context(), first)
		require.NoError(b.t, err)
		a := b.begin("a", b.relaying(Start{From: FromEarliest})...)
		b.awaitRelayed("b", "c", "d")
		require.Empty(b.t, a.events.stopped)
	})
}

func TestWhatBeginsAtATimeBeginsThere(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.createElsewhere()
		b.happens("a", "b", "c")
		since := time.Now().Add(500 * time.Millisecond).UnixMilli()
		b.happens("d", "e")
		b.begin("a", b.relaying(Start{From: FromTime, TimeMS: since})...)
		b.awaitRelayed("d", "e")
	})
}

// The topic of another context may come later, or be deleted: what reads it waits, and nothing else does.
func TestTopicOfSomebodyElseIsWaitedForByWhatReadsIt(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		a := b.begin("a", b.relaying(Start{From: FromEarliest})...)
		b.command(2)
		b.awaitAll()
		pass(time.Minute)
		b.createElsewhere()
		b.happens("a", "b", "c")
		b.awaitRelayed("a", "b", "c")
		b.command(2)
		require.Equal(b.t, []string{"topic elsewhere: topic elsewhere is missing: create it, or start what writes to it"}, a.events.waits)
	})
}

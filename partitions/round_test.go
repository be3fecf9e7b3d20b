package partitions

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A laborer is a counter whose commands take time, or lead to much.
type laborer struct {
	counter
	takes   time.Duration
	output  int
	replies string
}

func (l *laborer) Process(w Window, recs []Record) error {
	for i := range recs {
		pass(l.takes)
		w.Produce(&recs[i], OutputReply, &kgo.Record{Topic: l.replies, Value: make([]byte, l.output)})
	}
	return l.counter.Process(w, recs)
}

func (b *bubble) laboring(takes time.Duration, output int) Component {
	c := b.component()
	c.New = func(shard int32) Processor {
		return &laborer{
			counter: counter{shard: shard, topic: b.name + ".counter.events", known: map[string]int{}}, takes: takes, output: output, replies: b.name + ".replies",
		}
	}
	return c
}

func (in *instance) largestWindow() int {
	in.events.mu.Lock()
	defer in.events.mu.Unlock()
	return in.events.largest
}

// What waits is fetched at once; what it leads to is known only when it is decided.
func TestWindowEndsWithTheRecordsThatFillIt(t *testing.T) {
	inBubble(t, 2, func(b *bubble) {
		b.windowBytes = 64 << 10
		b.command(30)
		a := b.begin("a", b.laboring(0, 4<<10))
		b.awaitAll()
		most := b.windowBytes>>12 + 2*int(portionFirst) // Each shard's last portion begins before the window is full.
		require.LessOrEqual(b.t, a.largestWindow(), most)
	})
}

func TestSlowCommandsDoNotHoldTheLane(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.command(2)
		a := b.begin("a", b.laboring(time.Second, 0))
		b.awaitAll()
		require.LessOrEqual(b.t, a.largestWindow(), int(portionFirst))
	})
}

// What a window has no room for is decided before what lies behind it, also when two windows were given up and wait to be decided again.
func TestWhatIsLeftOfAWindowKeepsItsPlace(t *testing.T) {
	inBubble(t, 1, func(b *bubble) {
		b.windowBytes = 64 << 10
		var refuses atomic.Bool
		refuses.Store(true)
		b.cluster.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
			b.cluster.KeepControl()
			if fence, ok := req.(*kmsg.TxnOffsetCommitRequest); ok && refuses.Load() {
				return refuse(fence, kerr.IllegalGeneration), nil, true
			}
			return nil, nil, false
		})
		p := b.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer p.Close()
		for i := range 300 {
			p.Produce(b.t.Context(), &kgo.Record{Topic: b.name + ".counter.commands", Key: []byte("k"), Value: fmt.Appendf(nil, "%03d", i)}, nil)
			b.sent.Add(1)
		}
		require.NoError(b.t, p.Flush(b.t.Context()))
		a := b.begin("a", b.laboring(0, 4<<10))
		a.await(b.t, func(l *log) bool { return l.windows["aborted"] >= 4 })
		refuses.Store(false)
		b.awaitAll()
		for i, event := range b.readAll("counter.events") {
			require.Equal(b.t, fmt.Sprintf("%d %03d", i+1, i), string(event.Value))
		}
	})
}

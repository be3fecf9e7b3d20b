package partitions

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/partita-io/partita/kafka/records"
)

// answerer is a counter that answers, where it may.
type answerer struct{ counter }

func (a *answerer) Process(w Window, recs []Record) error {
	for i := range recs {
		for _, h := range recs[i].Headers {
			if h.Key != records.ReplyTopic {
				continue
			}
			if partition, ok := w.CanReply(string(h.Value), -1); ok {
				w.Produce(&recs[i], OutputReply, &kgo.Record{Topic: string(h.Value), Partition: partition, Value: []byte("done")})
			}
		}
	}
	return a.counter.Process(w, recs)
}

// The sequence: the first command that asks for an answer is read; the brokers go away before they tell whether its topic is there; they come back.
// Taken for a topic that does not exist, it would never get the answer.
func TestAnswerIsNotDroppedBecauseBrokersWereAway(t *testing.T) {
	w := newWorld(t, 2)
	var g gate
	c := w.component()
	c.New = func(shard int32) Processor {
		return &answerer{counter{shard: shard, topic: w.name + ".counter.events"}}
	}
	a := w.startThrough("a", &g, c)
	w.send(1, 1)
	w.awaitEvents(1)

	g.mu.Lock()
	g.beforeRequest = func(request []byte) {
		if kmsg.Key(binary.BigEndian.Uint16(request[4:])) == kmsg.Metadata && bytes.Contains(request, []byte(w.name+".replies")) {
			g.set(true)
		}
	}
	g.mu.Unlock()
	p, err := kgo.NewClient(kgo.SeedBrokers(w.brokers...))
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, p.ProduceSync(t.Context(), &kgo.Record{
		Topic: w.name + ".counter.commands", Key: []byte("k0"),
		Headers: []kgo.RecordHeader{{Key: records.ReplyTopic, Value: []byte(w.name + ".replies")}},
	}).FirstErr())
	a.await(t, func(l *log) bool {
		return slices.ContainsFunc(l.waits, func(s string) bool { return strings.HasPrefix(s, whereAnswersGo) })
	})
	g.mu.Lock()
	g.beforeRequest = nil
	g.mu.Unlock()
	g.set(false)
	w.awaitEvents(2)
	w.awaitRecords("replies", 1)
	a.stop(t)
}

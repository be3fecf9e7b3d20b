package partitions

import (
	"sync/atomic"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/kafka/records"
)

// copier writes each command to a topic that has partitions of its own number, as a stream does. It stops before records of the broken key.
type copier struct {
	topic  string
	broken *atomic.Value
	// breaks is what is broken from the first window on that fails; nothing if it is empty.
	breaks string
}

type errBroken struct{ key string }

func (e errBroken) Error() string { return e.key + " cannot be copied" }

func (c *copier) Process(w Window, recs []Record) error {
	for i := range recs {
		r := &recs[i]
		if string(r.Key) == c.broken.Load() {
			if r.MayFail {
				continue
			}
			return &StopError{Before: r, Err: errBroken{string(r.Key)}}
		}
		count, err := w.Partitions(c.topic)
		if err != nil {
			return err
		}
		w.Produce(r, OutputMessage, &kgo.Record{Topic: c.topic, Partition: records.Partition(r.Key, count), Key: r.Key})
	}
	return nil
}

func (c *copier) Dropped() {
	if c.breaks != "" {
		c.broken.Store(c.breaks)
	}
}

// copying is a component that copies commands to the topic "copies", on the side where the counter is, so that both read the same through one lane.
func (b *bubble) copying(broken *atomic.Value) Component {
	topic := b.name + ".copies"
	return Component{
		Name: "copier", Side: WriteSide, Inputs: []Input{{Topic: b.name + ".counter.commands"}}, Targets: []string{topic},
		New: func(int32) Processor { return &copier{topic: topic, broken: broken} },
	}
}

// following is copying on the read side, where components take orders.
func (b *bubble) following(broken *atomic.Value) Component {
	c := b.copying(broken)
	c.Side = ReadSide
	return c
}

func noneBroken() *atomic.Value {
	var key atomic.Value
	key.Store("")
	return &key
}

func (b *bubble) createCopies(partitions int32) {
	b.t.Helper()
	_, err := b.adm.CreateTopic(b.t.Context(), partitions, 1, map[string]*string{"retention.ms": kadm.StringPtr("-1")}, b.name+".copies")
	require.NoError(b.t, err)
}

// awaitCopies waits until there is a copy of every command, each once and of one key in one partition.
func (b *bubble) awaitCopies(partitions int32) {
	b.t.Helper()
	b.awaitRecords("copies", b.count())
	copies := b.readAll("copies")
	require.Len(b.t, copies, b.count())
	perKey := make(map[string]int)
	for _, r := range copies {
		perKey[string(r.Key)]++
		require.Equal(b.t, records.Partition(r.Key, partitions), r.Partition)
	}
	for key, n := range perKey {
		require.Equal(b.t, b.count()/20, n, key)
	}
}

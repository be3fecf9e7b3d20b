package partitions

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A bungler says that it compresses, and does not.
type bungler struct{}

func (bungler) Compress(*bytes.Buffer, []byte, ...kgo.CompressFlag) ([]byte, kgo.CompressionCodecType) {
	return []byte("this is no gzip"), kgo.CodecGzip
}

// A real broker refuses such a batch: it comes of a disk that breaks. What is in it cannot be known, so it is waited for, and said; the other shards go on.
// Who has it deleted has a gap made, and the task stops before that.
func TestBatchThatCannotBeUnpackedIsWaitedFor(t *testing.T) {
	w := newWorld(t, 2)
	if w.own == nil {
		t.Skip("Apache Kafka unpacks what it is sent, and refuses this: nobody can write such a batch there")
	}
	a := w.start("a")
	w.send(10, 1)
	w.awaitEvents(10)
	commands := w.name + ".counter.commands"
	ends, err := w.adm.ListEndOffsets(t.Context(), commands)
	require.NoError(t, err)
	end, _ := ends.Lookup(commands, 0)

	p := w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.WithCompressor(bungler{}))
	defer p.Close()
	require.NoError(t, p.ProduceSync(t.Context(), &kgo.Record{Topic: commands, Key: []byte("k"), Value: make([]byte, 1000)}).FirstErr())
	a.await(t, func(l *log) bool {
		return slices.ContainsFunc(l.waits, func(said string) bool { return strings.HasPrefix(said, "reading "+commands+"/0: ") })
	})
	other := w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer other.Close()
	require.NoError(t, other.ProduceSync(t.Context(), &kgo.Record{Topic: commands, Partition: 1, Key: []byte("elsewhere")}).FirstErr())
	w.awaitEvents(11)

	var cut kadm.Offsets
	cut.Add(kadm.Offset{Topic: commands, Partition: 0, At: end.Offset + 1})
	_, err = w.adm.DeleteRecords(t.Context(), cut)
	require.NoError(t, err)
	a.await(t, func(l *log) bool { return len(l.stopped) == 1 })
	a.events.mu.Lock()
	require.ErrorContains(t, a.events.stopped[0], commands+"/0")
	a.events.mu.Unlock()
	a.stop(t)
}

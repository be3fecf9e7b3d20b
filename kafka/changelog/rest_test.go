package changelog

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// batch is one of n records, which it does not have, from first to first + deltas.
func batch(first int64, deltas, n int32) []byte {
	b := make([]byte, batchHeaderLength)
	binary.BigEndian.PutUint64(b, uint64(first))
	binary.BigEndian.PutUint32(b[batchLengthAt:], batchHeaderLength-batchLengthEnd)
	b[16] = 2 // magic
	binary.BigEndian.PutUint32(b[23:], uint32(deltas))
	binary.BigEndian.PutUint32(b[57:], uint32(n))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestBatchesWithoutRecordsAreSkipped(t *testing.T) {
	require.EqualValues(t, 15, pastEmpty(append(batch(0, 9, 0), batch(10, 4, 0)...), 3, 20))
	require.EqualValues(t, 12, pastEmpty(append(batch(0, 9, 0), batch(10, 4, 0)...), 3, 12), "never past the end")
	require.EqualValues(t, 10, pastEmpty(append(batch(0, 9, 0), batch(10, 4, 3)...), 3, 20), "records may be in the second")
	require.EqualValues(t, 3, pastEmpty([]byte("not a batch"), 3, 20))
}

// A broker that compacts leaves batches without records, and after a roll of segments nothing at all: the end must be reached all the same.
func TestTailWithoutRecordsIsPassed(t *testing.T) {
	for what, tail := range map[string][]byte{"an empty batch": batch(0, 3, 0), "nothing": nil} {
		t.Run(what, func(t *testing.T) {
			l := newLog(t, nil)
			if l.broker == nil {
				t.Skip("a real broker cannot be told what to leave of a log")
			}
			l.begin("a1", "b1", "c1")
			l.end(kgo.TryCommit)
			const end = 4 // Three records and a marker.
			l.broker.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
				l.broker.KeepControl()
				fetch := req.(*kmsg.FetchRequest)
				if len(fetch.Topics) == 0 || fetch.Topics[0].Partitions[0].FetchOffset >= end {
					return nil, nil, false
				}
				resp := fetch.ResponseKind().(*kmsg.FetchResponse)
				topic, p := kmsg.NewFetchResponseTopic(), kmsg.NewFetchResponseTopicPartition()
				topic.Topic, topic.TopicID = fetch.Topics[0].Topic, fetch.Topics[0].TopicID
				p.HighWatermark, p.LastStableOffset, p.RecordBatches = end, end, tail
				topic.Partitions = append(topic.Partitions, p)
				resp.Topics = append(resp.Topics, topic)
				return resp, nil, true
			})
			values, at, err := l.restore(FromStart, nil)
			require.NoError(t, err)
			require.Empty(t, values)
			require.EqualValues(t, end, at)
		})
	}
}

package partitions_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// bodyBytes is what a record takes in a batch, at most: five bytes for each length, some for its own numbers.
func bodyBytes(r *kgo.Record) int {
	n := len(r.Key) + len(r.Value) + 30
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value) + 10
	}
	return n
}

func lastHeader(r *kgo.Record, key string) string {
	value := ""
	for _, h := range r.Headers {
		if h.Key == key {
			value = string(h.Value)
		}
	}
	return value
}

func TestDeadLetterFitsWhateverTheRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &kgo.Record{Topic: strings.Repeat("t", rapid.IntRange(1, 249).Draw(t, "topic")), Offset: 1 << 60}
		r.Key = make([]byte, rapid.IntRange(0, 9000).Draw(t, "key"))
		r.Value = make([]byte, rapid.IntRange(0, 9000).Draw(t, "value"))
		for range rapid.IntRange(0, 3).Draw(t, "large headers") {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: "x", Value: make([]byte, rapid.IntRange(0, 6000).Draw(t, "header"))})
		}
		for range rapid.IntRange(0, 2000).Draw(t, "small headers") {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: "y"})
		}
		d := partitions.Death{
			Topic: "shop.dead-letters", Reason: "malformed", Message: rapid.String().Draw(t, "message"), Component: "cart", Version: strings.Repeat("v", 64),
			MaxBytes: 8192,
		}
		dead := partitions.DeadLetter(&partitions.Record{Record: r}, d)
		require.LessOrEqual(t, bodyBytes(dead), d.MaxBytes)
		whole := len(dead.Key) == len(r.Key) && len(dead.Value) == len(r.Value) && headersOf(dead) == len(r.Headers)
		require.Equal(t, !whole, lastHeader(dead, records.DeadLetterTruncated) != "")
		require.Equal(t, "malformed", lastHeader(dead, records.DeadLetterReason))
		_, err := records.ParsePlace(lastHeader(dead, records.DeadLetterSource))
		require.NoError(t, err)
	})
}

// headersOf is how many headers a dead letter kept of its record.
func headersOf(dead *kgo.Record) int {
	kept := 0
	for _, h := range dead.Headers {
		if h.Key == "x" || h.Key == "y" {
			kept++
		}
	}
	return kept
}

func TestDeadLetterIsTheRecordWithItsReason(t *testing.T) {
	r := &kgo.Record{
		Topic: "shop.cart.commands", Partition: 3, Offset: 42, Key: []byte("c1"), Value: nil, Headers: []kgo.RecordHeader{{Key: "mine", Value: []byte("kept")}},
	}
	dead := partitions.DeadLetter(&partitions.Record{Record: r}, partitions.Death{
		Topic: "shop.dead-letters", Partition: 3, Reason: "behavior", Message: strings.Repeat("€", 1000), Component: "cart", Version: "v7", Sequence: 9,
		NowMS: 1234, MaxBytes: 4096,
	})
	require.Nil(t, dead.Value, "a tombstone stays one")
	require.Len(t, r.Headers, 1)
	require.Equal(t, "kept", lastHeader(dead, "mine"))
	require.Equal(t, "shop.cart.commands/3/42", lastHeader(dead, records.DeadLetterSource))
	require.Equal(t, "9", lastHeader(dead, records.Sequence))
	require.Equal(t, "1234", lastHeader(dead, records.DeadLetterTime))
	message := lastHeader(dead, records.DeadLetterMessage)
	require.True(t, utf8.ValidString(message))
	require.Len(t, message, 1023)
}

// The topic of dead letters may take less than we think: the second attempt is small.
func TestDeadLetterOfARefusedRecordIsSmall(t *testing.T) {
	r := &partitions.Record{Record: &kgo.Record{Topic: "t", Value: make([]byte, 900_000)}, Refused: "shop.dead-letters/0: MESSAGE_TOO_LARGE"}
	dead := partitions.DeadLetter(r, partitions.Death{Reason: "refused", MaxBytes: 1_000_000})
	require.LessOrEqual(t, bodyBytes(dead), 64<<10)
	require.Equal(t, "900000", lastHeader(dead, records.DeadLetterTruncated))
}

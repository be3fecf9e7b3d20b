package inbox_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/partita-io/partita/entities"
	"github.com/partita-io/partita/inbox"
	"github.com/partita-io/partita/partitions"
)

func record(key, value string, headers ...string) *partitions.Record {
	r := &kgo.Record{Topic: "shop.cart.events", Key: []byte(key), Value: []byte(value), Timestamp: time.UnixMilli(1000)}
	for i := 0; i < len(headers); i += 2 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headers[i], Value: []byte(headers[i+1])})
	}
	return &partitions.Record{Record: r}
}

func TestAnEventOfOursSaysAllInItsHeaders(t *testing.T) {
	var reader inbox.Reader
	f := reader.Understand(record("alice", "v", "ce_type", "shop.ItemAdded", "ce_id", "cart/c1/7", "ce_subject", "c1", "ce_source", "shop",
		"content-type", "avro/binary", "partita_sequence", "7", "partita_causation", "cmd", "partita_hops", "2"))
	require.Equal(t, "ItemAdded", f.Event.Type)
	require.Equal(t, "cart", f.Event.Entity)
	require.Equal(t, "c1", f.Event.EntityID, "and not the key of a record that was re-keyed")
	require.EqualValues(t, 7, f.Event.Sequence)
	require.EqualValues(t, 1000, f.Event.NowMS)
	require.Equal(t, "avro/binary", f.Event.Payload.ContentType)
	require.Equal(t, "cmd", f.Event.CausationID)
	require.Equal(t, 2, f.Hops)
	require.Equal(t, "shop", string(f.Source))
	require.True(t, f.Placed)
	require.Equal(t, entities.Header{Key: "ce_type", Value: []byte("shop.ItemAdded")}, f.Event.Headers[0])
}

// What a reader has read before is no part of what it reads next.
func TestAFactHasNothingOfTheOneBefore(t *testing.T) {
	var used, fresh inbox.Reader
	used.Understand(record("alice", "v", "ce_type", "ItemAdded", "ce_id", "cart/c1/7", "ce_subject", "c1", "ce_source", "shop", "ce_time", "now",
		"content-type", "avro/binary", "partita_sequence", "7", "partita_causation", "cmd", "partita_correlation", "all", "traceparent", "00-1", "partita_hops", "2"))
	for _, r := range []*partitions.Record{
		record("k", `{"type":"bank.Paid"}`),
		record("k", "v", "ce_type", "Removed", "ce_id", "no event of ours"),
		record("", ""),
	} {
		got, want := used.Understand(r), fresh.Understand(r)
		require.Equal(t, append([]entities.Header(nil), want.Event.Headers...), append([]entities.Header(nil), got.Event.Headers...))
		got.Event.Headers, want.Event.Headers = nil, nil
		require.Equal(t, want, got)
		fresh = inbox.Reader{}
	}
}

func TestForeignMessageNamesItsTypeInItsValue(t *testing.T) {
	var reader inbox.Reader
	f := reader.Understand(record("p1", ` {"type":"bank.Paid","cents":3}`, "ce_sequence", "x"))
	require.Equal(t, "Paid", f.Event.Type)
	require.Equal(t, "p1", f.Event.EntityID)
	require.False(t, f.Placed)
	require.Empty(t, reader.Understand(record("p1", "no JSON")).Event.Type)
}

func BenchmarkUnderstand(b *testing.B) {
	r := record("alice", "v", "ce_specversion", "1.0", "ce_type", "ItemAdded", "ce_id", "cart/c1/7", "ce_subject", "c1", "ce_source", "shop", "ce_time",
		"2026-11-25T08:00:00Z", "content-type", "avro/binary", "partita_sequence", "7", "partita_causation", "cmd", "partita_correlation", "all")
	var reader inbox.Reader
	b.ReportAllocs()
	for b.Loop() {
		reader.Understand(r)
	}
}

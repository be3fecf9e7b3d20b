package records_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"github.com/partita-io/partita/kafka/records"
)

func TestPartitionIsThatOfFranzGo(t *testing.T) {
	partitioner := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "key")
		n := rapid.Int32Range(1, 5000).Draw(t, "n")
		want := partitioner.Partition(&kgo.Record{Key: key}, int(n))
		require.EqualValues(t, want, records.Partition(key, n))
	})
}

// The numbers are the hashes that Kafka's own UtilsTest.testMurmur2 expects.
func TestPartitionIsThatOfJava(t *testing.T) {
	for key, hash := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		const n = 1 << 30
		require.Equal(t, (hash&0x7fffffff)%n, records.Partition([]byte(key), n), key)
	}
}

func TestAReaderStandsAfterTheRecordItRead(t *testing.T) {
	require.Equal(t, records.Position(8), records.Offset(7).Next())
	require.EqualValues(t, 2, records.Position(8).Behind(10))
	require.Zero(t, records.Position(10).Behind(8))
}

func TestCommandIDIsSourceAndID(t *testing.T) {
	require.Equal(t, "web/17", records.CommandID("web", "17"))
	require.Equal(t, "17", records.CommandID("", "17"))
}

func TestEventIDIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := records.EventID{
			Entity:   rapid.StringMatching(`[a-z][a-z0-9-]*`).Draw(t, "entity"),
			ID:       rapid.StringN(1, 20, -1).Draw(t, "id"),
			Sequence: rapid.Int64Min(1).Draw(t, "sequence"),
		}
		parsed, err := records.ParseEventID(id.String())
		require.NoError(t, err)
		require.Equal(t, id, parsed)
	})
}

func TestEventIDKeepsSlashesOfTheEntityID(t *testing.T) {
	parsed, err := records.ParseEventID("cart/eu/4//7/12")
	require.NoError(t, err)
	require.Equal(t, records.EventID{Entity: "cart", ID: "eu/4//7", Sequence: 12}, parsed)
}

func TestEventIDRefusesWhatItNeverWrites(t *testing.T) {
	for _, s := range []string{"", "cart", "cart/1", "cart//1", "/c1/1", "cart/c1/", "cart/c1/0", "cart/c1/-1", "cart/c1/+1", "cart/c1/01"} {
		_, err := records.ParseEventID(s)
		require.Error(t, err, s)
	}
}

func TestPlaceIsReadBack(t *testing.T) {
	place := records.Place{TopicPartition: records.TopicPartition{Topic: "shop.cart.commands", Partition: 3}, Offset: 41}
	require.Equal(t, "shop.cart.commands/3/41", place.String())
	parsed, err := records.ParsePlace(place.String())
	require.NoError(t, err)
	require.Equal(t, place, parsed)
	for _, s := range []string{"", "t/1", "/1/1", "t/x/1", "t/1/-1", "t/4294967296/1", "a/t/1/1"} {
		_, err := records.ParsePlace(s)
		require.Error(t, err, s)
	}
}

func TestReplyPartitionIsReadAsSpringAndAsPeopleWriteIt(t *testing.T) {
	for value, want := range map[string]int32{"\x00\x00\x00\x0b": 11, "11": 11, "0": 0, "1024": 1024, "10240": 10240} {
		got, err := records.ParseReplyPartition([]byte(value))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, value := range []string{"", "-1", "x", "\xff\xff\xff\xff", "99999999999"} {
		_, err := records.ParseReplyPartition([]byte(value))
		require.ErrorContains(t, err, "kafka_replyPartition")
	}
}

func TestProgressKeyIsReadBack(t *testing.T) {
	key := records.ProgressKey{Component: "customer-totals", TopicPartition: records.TopicPartition{Topic: "shop.cart.events", Partition: 11}}
	require.Equal(t, "customer-totals/shop.cart.events/11", key.String())
	parsed, err := records.ParseProgressKey(key.String())
	require.NoError(t, err)
	require.Equal(t, key, parsed)
	for _, s := range []string{"", "a/b", "a/b/c", "/b/1", "a//1", "a/b/1/2", "a/b/-1"} {
		_, err := records.ParseProgressKey(s)
		require.Error(t, err, s)
	}
}

func drawProgress(t *rapid.T) records.Progress {
	p := records.Progress{
		Position:    records.Position(rapid.Int64Min(0).Draw(t, "position")),
		LeaderEpoch: rapid.Int32Min(-1).Draw(t, "epoch"),
		Window:      records.Window{Instance: rapid.StringN(0, 60, 255).Draw(t, "instance"), Number: rapid.Uint64().Draw(t, "number")},
		WrittenMS:   rapid.Int64().Draw(t, "written"),
	}
	copy(p.TopicID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "topic id"))
	return p
}

func TestProgressIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgress(t)
		parsed, err := records.ParseProgress(p.Append(nil))
		require.NoError(t, err)
		require.Equal(t, p, parsed)
	})
}

func TestProgressOfAnotherFormatIsRefusedByName(t *testing.T) {
	b := records.Progress{Window: records.Window{Instance: "i"}}.Append(nil)
	b[0] = 2
	_, err := records.ParseProgress(b)
	require.ErrorContains(t, err, "format 2")
}

func TestProgressCutAnywhereIsRefused(t *testing.T) {
	b := records.Progress{Window: records.Window{Instance: "instance"}}.Append(nil)
	for n := range b {
		_, err := records.ParseProgress(b[:n])
		require.Error(t, err, n)
	}
	_, err := records.ParseProgress(append(b, 0))
	require.Error(t, err)
}

func TestAnInstanceThatIsTooLongIsCut(t *testing.T) {
	p, err := records.ParseProgress(records.Progress{Window: records.Window{Instance: strings.Repeat("x", 300)}}.Append(nil))
	require.NoError(t, err)
	require.Len(t, p.Window.Instance, 255)
}

// Every progress record that is read has one spelling.
func FuzzProgress(f *testing.F) {
	f.Add(records.Progress{Position: 7, LeaderEpoch: -1, Window: records.Window{Instance: "a1", Number: 3}}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := records.ParseProgress(b)
		if err == nil {
			require.Equal(t, b, p.Append(nil))
		}
	})
}

func FuzzIDs(f *testing.F) {
	f.Add("cart/c1/7")
	f.Add("shop.cart.commands/3/41")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := records.ParseEventID(s); err == nil {
			require.Equal(t, s, id.String())
		}
		if place, err := records.ParsePlace(s); err == nil {
			require.Equal(t, s, place.String())
		}
		if key, err := records.ParseProgressKey(s); err == nil {
			require.Equal(t, s, key.String())
		}
		if n, err := records.ParseReplyPartition([]byte(s)); err == nil {
			require.GreaterOrEqual(t, n, int32(0))
		}
	})
}
